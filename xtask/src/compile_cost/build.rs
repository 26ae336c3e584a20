//! One build of one crate, and what it took.

use std::fs::File;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;

use super::render::Wrapping;
use super::workspace::Workspace;

/// A way to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Check,
    Dev,
    Release,
}

impl Mode {
    pub(super) const ALL: [Self; 3] = [Self::Check, Self::Dev, Self::Release];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }

    pub(super) fn named(name: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|mode| mode.name() == name);
        named.ok_or_else(|| "check, dev or release".to_owned())
    }

    /// What cargo is told.
    pub(super) fn cargo(self) -> &'static [&'static str] {
        match self {
            Self::Check => &["check", "--quiet"],
            Self::Dev => &["build", "--quiet"],
            Self::Release => &["build", "--quiet", "--release"],
        }
    }

    /// The directory of what is built, if anything is.
    pub(super) fn profile(self) -> Option<&'static str> {
        match self {
            Self::Check => None,
            Self::Dev => Some("debug"),
            Self::Release => Some("release"),
        }
    }
}

/// What a build took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) wall: Duration,
    /// Of all processes and threads together, where the system tells it.
    pub(super) cpu: Option<Duration>,
}

/// Builds one crate again, and nothing that it depends on.
pub(super) fn timed(workspace: &Workspace, wrapping: Wrapping, mode: Mode) -> anyhow::Result<Cost> {
    let source = workspace.source(wrapping);
    File::options()
        .append(true)
        .open(&source)
        .and_then(|file| file.set_modified(SystemTime::now()))
        .with_context(|| source.display().to_string())?;
    let mut cargo = workspace.cargo();
    cargo
        .args(mode.cargo())
        .args(["--package", wrapping.package()]);
    let (started, before) = (Instant::now(), cpu_of_children());
    let status = cargo.status()?;
    let cost = Cost {
        wall: started.elapsed(),
        cpu: cpu_of_children()
            .zip(before)
            .map(|(after, before)| after.saturating_sub(before)),
    };
    anyhow::ensure!(status.success(), "{} does not build", wrapping.package());
    Ok(cost)
}

/// The processor time of all that this process has waited for.
#[cfg(unix)]
fn cpu_of_children() -> Option<Duration> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeVal;

    let duration = |time: TimeVal| {
        let whole = Duration::from_secs(u64::try_from(time.tv_sec()).ok()?);
        Some(whole + Duration::from_micros(u64::try_from(time.tv_usec()).ok()?))
    };
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    Some(duration(usage.user_time())? + duration(usage.system_time())?)
}

#[cfg(not(unix))]
fn cpu_of_children() -> Option<Duration> {
    None
}
