//! Signals, as events that are waited for together with the end of a child.

use std::io;
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Instant;

use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// What came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// One of our children ended, or more.
    Child,
    /// We are to stop: SIGINT, SIGTERM or SIGHUP.
    Interrupted(i32),
    /// Nothing, until the deadline.
    Deadline,
}

/// The signals that came and are yet to come.
#[derive(Debug)]
pub(crate) struct Interruptions {
    signals: Receiver<i32>,
    first: Option<i32>,
}

impl Interruptions {
    /// From now on signals no longer end this process.
    pub(crate) fn listen() -> io::Result<Self> {
        let mut incoming = Signals::new([SIGCHLD, SIGHUP, SIGINT, SIGTERM])?;
        let (sender, signals) = mpsc::channel();
        thread::spawn(move || {
            for signal in incoming.forever() {
                if sender.send(signal).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            signals,
            first: None,
        })
    }

    /// The next event.
    pub(crate) fn wait(&mut self, deadline: Option<Instant>) -> Event {
        let received = match deadline {
            None => self.signals.recv().map_err(RecvTimeoutError::from),
            Some(deadline) => {
                let rest = deadline.saturating_duration_since(Instant::now());
                self.signals.recv_timeout(rest)
            }
        };
        match received {
            Ok(signal) => self.event(signal),
            Err(RecvTimeoutError::Timeout) => Event::Deadline,
            Err(RecvTimeoutError::Disconnected) => {
                unreachable!("the thread that listens ends after we do")
            }
        }
    }

    /// The exit code where we were to stop, now or earlier.
    pub(crate) fn seen(&mut self) -> Option<ExitCode> {
        while self.wait(Some(Instant::now())) != Event::Deadline {}
        let code = |signal| u8::try_from(128 + signal).unwrap_or(u8::MAX);
        self.first.map(|signal| ExitCode::from(code(signal)))
    }

    fn event(&mut self, signal: i32) -> Event {
        if signal == SIGCHLD {
            return Event::Child;
        }
        self.first.get_or_insert(signal);
        Event::Interrupted(signal)
    }
}
