//! PostgreSQL.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::binaries::{Program, Search};
use crate::error::Error;
use crate::ground::{Ground, USER};
use crate::password::encode;
use crate::ports;
use crate::server::{Blueprint, Probe, Server};

const INITIALISATION: Duration = Duration::from_mins(1);

/// A PostgreSQL to be: its settings. They are as shipped but for 200 connections, so it is as durable as its users have it.
#[derive(Debug, Clone, Default)]
pub struct Postgres {
    settings: Vec<(String, String)>,
    search: Search,
}

impl Postgres {
    /// One with PostgreSQL's own settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a parameter of `postgresql.conf`. Of several with one name the last counts.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Gives up durability for speed, for tests that ask nothing about it.
    pub fn fast(self) -> Self {
        self.setting("fsync", "off")
            .setting("synchronous_commit", "off")
            .setting("full_page_writes", "off")
    }

    /// Looks for the programs there and nowhere else.
    pub fn search(mut self, search: Search) -> Self {
        self.search = search;
        self
    }

    /// Makes a database cluster and starts a server on it. The URL's account is a superuser.
    ///
    /// # Errors
    ///
    /// Where a program is missing, or the server does not answer.
    pub fn start(&self) -> Result<Server, Error> {
        ports::retrying(|| Server::first(self.blueprint(ports::free()?)?))
    }

    fn blueprint(&self, port: u16) -> Result<Blueprint, Error> {
        let postgres = self.search.find(Program::POSTGRES)?;
        let search = self.search.beside(&postgres);
        let ground = Ground::prepare(&search, &["postgres", "nobody"])?;
        initialise(&ground, &search)?;
        let launch = ground
            .launch(postgres)
            .args(["-D", "data", "-p", &port.to_string()])
            .arg("-h127.0.0.1")
            .arg("-k")
            .arg(ground.directory.join(""))
            .args(["-c", "max_connections=200"])
            .args(
                self.settings
                    .iter()
                    .flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")]),
            )
            // Killed, it would leave its shared memory behind.
            .orphaned(Signal::SIGQUIT);
        let probe = Probe::Client(is_ready(&ground, &search, port)?);
        let url = format!(
            "postgres://{USER}:{}@127.0.0.1:{port}/postgres",
            encode(&ground.password)
        );
        Ok(Blueprint {
            name: "PostgreSQL",
            ground,
            launch,
            probe,
            port,
            url,
            stop: Signal::SIGINT,
            discard: Signal::SIGQUIT,
        })
    }
}

fn initialise(ground: &Ground, search: &Search) -> Result<(), Error> {
    let password = ground.directory.write("password", &ground.password)?;
    ground
        .launch(search.find(Program::INITDB)?)
        .args([
            "-D",
            "data",
            "-U",
            USER,
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
        ])
        // What is made here is not worth waiting for a disk.
        .arg("--no-sync")
        .arg("--pwfile")
        .arg(password)
        .run(INITIALISATION)
}

/// Asks by the socket in the server's own directory, where no other server can answer. It is made after the port is bound.
pub(crate) fn is_ready(
    ground: &Ground,
    search: &Search,
    port: u16,
) -> Result<crate::process::Launch, Error> {
    let client = ground.launch(search.find(Program::PG_ISREADY)?);
    Ok(client
        .args(["-q", "-t", "3", "-p", &port.to_string(), "-h"])
        .arg(ground.directory.join("")))
}
