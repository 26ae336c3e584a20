//! A running server, whatever it is.

use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::error::Error;
use crate::ground::Ground;
use crate::process::{self, Launch};
use crate::redis_wire;

/// How long a server may take until it answers, and until it has ended.
const LIMIT: Duration = Duration::from_mins(1);
/// How long it may take to end when nobody wants its data any more. PostgreSQL waits a minute for a client that is silent.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one question whether it answers may take.
const QUESTION: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(30);
/// How long to leave a directory or port to a predecessor that was killed and is still letting go of it.
const BETWEEN_TRIES: Duration = Duration::from_millis(200);
const TRIES: u32 = 10;

/// How a server is asked whether it answers.
#[derive(Debug)]
pub(crate) enum Probe {
    /// This process succeeds.
    Client(Launch),
    /// It answers PING; the `redis-cli` of some versions succeeds on an error.
    Redis,
}

/// What a kind of server says of itself.
#[derive(Debug)]
pub(crate) struct Blueprint {
    pub(crate) name: &'static str,
    pub(crate) ground: Ground,
    pub(crate) launch: Launch,
    pub(crate) probe: Probe,
    pub(crate) port: u16,
    pub(crate) url: String,
    /// The signal upon which it ends and keeps what it should.
    pub(crate) stop: Signal,
    /// The fastest one upon which it leaves nothing behind outside its directory.
    pub(crate) discard: Signal,
}

/// A server of a test's own. Dropping it ends its process and removes its data.
#[derive(Debug)]
pub struct Server {
    blueprint: Blueprint,
    child: Option<Child>,
}

impl Server {
    /// Starts a server for the first time.
    pub(crate) fn first(blueprint: Blueprint) -> Result<Self, Error> {
        let mut server = Self {
            blueprint,
            child: None,
        };
        server.attempt(LIMIT)?;
        Ok(server)
    }

    /// What it is: "PostgreSQL".
    pub fn name(&self) -> &'static str {
        self.blueprint.name
    }

    /// Where it is, with user and password; the same as long as this value lives.
    pub fn url(&self) -> &str {
        &self.blueprint.url
    }

    /// Its port on 127.0.0.1; the same as long as this value lives.
    pub fn port(&self) -> u16 {
        self.blueprint.port
    }

    /// The password of its account, as it is outside URLs.
    pub fn password(&self) -> &str {
        &self.blueprint.ground.password
    }

    /// The id of its process, unless it was stopped or killed.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Where it and the programs that prepared it write what they have to say.
    pub fn log(&self) -> PathBuf {
        self.blueprint.ground.log()
    }

    /// Starts it again, with the same port, data and settings, and waits until it answers. Does nothing where it runs.
    ///
    /// # Errors
    ///
    /// Where it does not answer, with the end of its log.
    pub fn start(&mut self) -> Result<(), Error> {
        if self.runs() {
            return Ok(());
        }
        let deadline = Instant::now() + LIMIT;
        for _ in 1..TRIES {
            match self.attempt(deadline.saturating_duration_since(Instant::now())) {
                Err(Error::Ended { .. }) => thread::sleep(BETWEEN_TRIES),
                settled => return settled,
            }
        }
        self.attempt(deadline.saturating_duration_since(Instant::now()))
    }

    /// Ends it as an operator would, its data kept, and waits until it has ended; one that takes too long is killed.
    pub fn stop(&mut self) {
        self.end(self.blueprint.stop, LIMIT);
    }

    /// Kills it, with SIGKILL, and its own children with it. Its data stay as they are.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            process::kill_family(&mut child);
        }
    }

    /// Another process of this server, such as a client that prepares it.
    pub(crate) fn launch(&self, program: PathBuf) -> Launch {
        self.blueprint.ground.launch(program)
    }

    fn end(&mut self, signal: Signal, limit: Duration) {
        let Some(child) = &mut self.child else { return };
        process::signal(child, signal);
        if let Ok(Some(_)) = process::wait(child, limit) {
            self.child = None;
        } else {
            self.kill();
        }
    }

    /// Whether its process is there. One that ended by itself is forgotten.
    fn runs(&mut self) -> bool {
        let ended = |child: &mut Child| !matches!(child.try_wait(), Ok(None));
        if self.child.as_mut().is_some_and(ended) {
            self.child = None;
        }
        self.child.is_some()
    }

    fn attempt(&mut self, limit: Duration) -> Result<(), Error> {
        self.child = Some(self.blueprint.launch.spawn()?);
        let answered = self.wait_until_it_answers(limit);
        if answered.is_err() {
            self.kill();
        }
        answered
    }

    fn wait_until_it_answers(&mut self, limit: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + limit;
        loop {
            let answers = self.answers()?;
            // Asked after the question: another server may have answered on a port that ours did not get.
            if let Some(status) = self.ended()? {
                return Err(Error::Ended {
                    server: self.name(),
                    status,
                    log: process::tail(&self.log()),
                });
            }
            if answers {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(Error::Slow {
                    what: self.name().to_owned(),
                    waited: limit,
                    log: process::tail(&self.log()),
                });
            }
            thread::sleep(PAUSE);
        }
    }

    fn answers(&self) -> Result<bool, Error> {
        match &self.blueprint.probe {
            Probe::Client(client) => client.succeeds(QUESTION),
            Probe::Redis => Ok(redis_wire::ask(self.port(), self.password(), &["PING"])
                .is_ok_and(|answer| answer.contains("+PONG"))),
        }
    }

    fn ended(&mut self) -> Result<Option<ExitStatus>, Error> {
        let name = self.blueprint.name;
        let status = self.child.as_mut().map_or(Ok(None), Child::try_wait);
        status.map_err(|source| Error::Wait {
            what: name.to_owned(),
            source,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end(self.blueprint.discard, PATIENCE);
    }
}
