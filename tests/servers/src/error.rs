//! What can go wrong before a server answers.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program is not installed.
    #[error("`{program}` is not installed: `apt-get install {package}` brings it")]
    Missing {
        /// The program's name.
        program: &'static str,
        /// Debian's package that brings it.
        package: &'static str,
    },
    /// A file or directory of the server could not be made.
    #[error("cannot prepare {}", path.display())]
    Prepare {
        /// What was to be made.
        path: PathBuf,
        /// Why it was not.
        source: io::Error,
    },
    /// No directory for temporary files serves: the server's account must reach it, and its path must be short.
    #[error(
        "no directory for temporary files that every account can reach by a short path: set TMPDIR to one"
    )]
    NoDirectory,
    /// We are root, servers refuse to be, and there is nobody else.
    #[error("servers do not run as root, and there is none of the accounts {0}")]
    NoAccount(String),
    /// A program could not be started.
    #[error("cannot start {}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why it could not.
        source: io::Error,
    },
    /// A program that prepares the server failed.
    #[error("{program} failed ({status}). Its last words:\n{log}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it printed.
        log: String,
    },
    /// The server ended while it was being waited for.
    #[error("{server} ended while it started ({status}). Its last words:\n{log}")]
    Ended {
        /// Which server.
        server: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// Something took longer than it may.
    #[error("{what} was not ready within {waited:?}. Its last words:\n{log}")]
    Slow {
        /// What was waited for.
        what: String,
        /// How long.
        waited: Duration,
        /// The end of its log.
        log: String,
    },
    /// A process could not be asked how it does.
    #[error("cannot wait for {what}")]
    Wait {
        /// The process.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// No port is free.
    #[error("no free port from {from} to {to} on 127.0.0.1")]
    NoPort {
        /// The first port that was tried.
        from: u16,
        /// The last one.
        to: u16,
    },
}

impl Error {
    /// Whether another process was faster to take the server's port, so that another port may serve.
    pub(crate) fn is_port_taken(&self) -> bool {
        matches!(self, Self::Ended { log, .. } if log.contains("in use"))
    }
}
