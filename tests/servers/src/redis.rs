//! Redis.

use nix::sys::signal::Signal;

use crate::binaries::{Program, Search};
use crate::error::Error;
use crate::ground::Ground;
use crate::password::encode;
use crate::ports;
use crate::server::{Blueprint, Probe, Server};

/// A Redis to be: its settings. They are as shipped: what it has is written to disk now and then, and when it is stopped.
#[derive(Debug, Clone, Default)]
pub struct Redis {
    settings: Vec<(String, String)>,
    search: Search,
}

impl Redis {
    /// One with Redis's own settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a parameter, such as `appendonly` or `maxmemory-policy`. Of several with one name the last counts.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Looks for the programs there and nowhere else.
    pub fn search(mut self, search: Search) -> Self {
        self.search = search;
        self
    }

    /// Starts it. Its default account has a password.
    ///
    /// # Errors
    ///
    /// Where a program is missing, or the server does not answer.
    pub fn start(&self) -> Result<Server, Error> {
        ports::retrying(|| self.start_on(self.ground()?, ports::free()?))
    }

    pub(crate) fn ground(&self) -> Result<Ground, Error> {
        // What is missing is said before anything is made.
        self.search.find(Program::REDIS_SERVER)?;
        Ground::prepare(&self.search, &["redis", "nobody"])
    }

    pub(crate) fn start_on(&self, ground: Ground, port: u16) -> Result<Server, Error> {
        let password = ground.password.clone();
        let launch = ground
            .launch(self.search.find(Program::REDIS_SERVER)?)
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .args(["--requirepass", &password, "--masterauth", &password])
            .args(
                self.settings
                    .iter()
                    .flat_map(|(name, value)| [format!("--{name}"), value.clone()]),
            );
        Server::first(Blueprint {
            name: "Redis",
            ground,
            launch,
            probe: Probe::Redis,
            port,
            url: format!("redis://:{}@127.0.0.1:{port}", encode(&password)),
            stop: Signal::SIGTERM,
            discard: Signal::SIGKILL,
        })
    }
}
