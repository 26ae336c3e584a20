//! One child that we wait for, and that is ended when we are to stop.

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::interruptions::{Event, Interruptions};

/// How long the child has to end after it was asked to.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the command, and ends it and its children when we are to stop: gently first, and with SIGKILL when we are told
/// again or it takes too long. The answer is its exit code, or that of the signal that stopped us.
pub(crate) fn run(
    mut command: Command,
    interruptions: &mut Interruptions,
) -> anyhow::Result<ExitCode> {
    // A group of its own, so that a signal to us alone reaches all of it, and a terminal's Ctrl-C not twice. Such a group
    // must not read from the terminal.
    command.process_group(0).stdin(Stdio::null());
    let name = command.get_program().to_owned();
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start {}", name.display()))?;
    let status = wait(&mut child, interruptions)?;
    Ok(interruptions.seen().unwrap_or_else(|| code(status)))
}

fn wait(child: &mut Child, interruptions: &mut Interruptions) -> anyhow::Result<ExitStatus> {
    let mut deadline = None;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        match interruptions.wait(deadline) {
            Event::Child => {}
            Event::Interrupted(signal) if deadline.is_none() => {
                deadline = Some(Instant::now() + PATIENCE);
                signal_group(child, Signal::try_from(signal)?);
            }
            Event::Interrupted(_) | Event::Deadline => signal_group(child, Signal::SIGKILL),
        }
    }
}

/// The child was not waited for yet, so its id is still that of its group.
fn signal_group(child: &Child, signal: Signal) {
    if let Ok(group) = i32::try_from(child.id()) {
        // The one failure there is means that all of it has ended.
        let _ = killpg(Pid::from_raw(group), signal);
    }
}

fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| Some(128 + status.signal()?));
    let code = code.and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
