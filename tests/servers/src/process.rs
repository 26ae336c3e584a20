//! A server's processes: in a group of their own, under their own account, and dead when we are.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::account::Account;
use crate::directory::Directory;
use crate::error::Error;
use crate::spawner;

/// How often a process is asked whether it has ended.
const PAUSE: Duration = Duration::from_millis(5);
const LINES_OF_LOG: usize = 40;

/// How to start a process, as often as wanted.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    setpriv: PathBuf,
    account: Option<Account>,
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(&'static str, String)>,
    directory: PathBuf,
    log: PathBuf,
    orphaned: Signal,
}

impl Launch {
    pub(crate) fn new(
        setpriv: &Path,
        account: Option<Account>,
        program: PathBuf,
        directory: &Directory,
        log: PathBuf,
    ) -> Self {
        Self {
            setpriv: setpriv.to_owned(),
            account,
            program,
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: directory.join(""),
            log,
            orphaned: Signal::SIGKILL,
        }
    }

    pub(crate) fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// The signal that the process gets when ours dies; SIGKILL unless said.
    pub(crate) fn orphaned(mut self, signal: Signal) -> Self {
        self.orphaned = signal;
        self
    }

    /// Starts the process and lets it run.
    pub(crate) fn spawn(&self) -> Result<Child, Error> {
        let failed = |source| Error::Spawn {
            program: self.program.clone(),
            source,
        };
        let command = self.command().map_err(failed)?;
        spawner::spawn(command).map_err(failed)
    }

    /// Runs the process to its end, within `limit`.
    pub(crate) fn run(&self, limit: Duration) -> Result<(), Error> {
        let mut child = self.spawn()?;
        match self.ending(&mut child, limit)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(Error::Failed {
                program: self.name(),
                status,
                log: tail(&self.log),
            }),
            None => Err(Error::Slow {
                what: self.name(),
                waited: limit,
                log: tail(&self.log),
            }),
        }
    }

    /// Whether the process ends well within `limit`.
    pub(crate) fn succeeds(&self, limit: Duration) -> Result<bool, Error> {
        let mut child = self.spawn()?;
        let status = self.ending(&mut child, limit)?;
        Ok(status.is_some_and(|status| status.success()))
    }

    /// How the child ended, or `None` where it had to be killed.
    fn ending(&self, child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>, Error> {
        let failed = |source| Error::Wait {
            what: self.name(),
            source,
        };
        let status = wait(child, limit).map_err(failed)?;
        if status.is_none() {
            child.kill().and_then(|()| child.wait()).map_err(failed)?;
        }
        Ok(status)
    }

    fn command(&self) -> io::Result<Command> {
        let log = append(&self.log)?;
        let mut command = Command::new(&self.setpriv);
        if let Some(Account { uid, gid }) = self.account {
            command.args([format!("--reuid={uid}"), format!("--regid={gid}")]);
            command.arg("--clear-groups");
        }
        let orphaned = self.orphaned.as_str().trim_start_matches("SIG");
        command
            .args(["--pdeathsig", orphaned, "--"])
            .arg(&self.program)
            .args(&self.arguments)
            // Nothing of our environment: it may hold settings of clients, or a directory that is not the account's.
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TMPDIR", &self.directory)
            // Messages are read by tests and by people far away.
            .env("LC_ALL", "C.UTF-8")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.directory)
            // A terminal's Ctrl-C is for the tests, which end their servers in order.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
    }

    fn name(&self) -> String {
        let name = self.program.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// How the child ended, or `None` where it still runs after `limit`.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= deadline {
            return Ok(status);
        }
        thread::sleep(PAUSE);
    }
}

/// Sends a signal to the child, which its parent has not waited for: its id is still its own.
pub(crate) fn signal(child: &Child, signal: Signal) {
    // The one failure there is means that it has ended.
    let _ = kill(pid(child.id()), signal);
}

/// Kills the child and its children as a loss of power would: none of them does another thing.
pub(crate) fn kill_family(child: &mut Child) {
    // Stopped, it neither has more children nor lets go of the ids of those that ended.
    signal(child, Signal::SIGSTOP);
    for id in children(child.id()) {
        let _ = kill(pid(id), Signal::SIGKILL);
    }
    signal(child, Signal::SIGKILL);
    // It fails where the child was waited for already.
    let _ = child.wait();
}

fn children(parent: u32) -> Vec<u32> {
    let listed = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    let ids = listed.unwrap_or_default();
    ids.split_whitespace()
        .filter_map(|id| id.parse().ok())
        .collect()
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).expect("Linux's ids are below 2^22"))
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let content = fs::read(log).unwrap_or_default();
    let content = String::from_utf8_lossy(&content);
    let lines: Vec<_> = content.lines().collect();
    lines[lines.len().saturating_sub(LINES_OF_LOG)..].join("\n")
}
