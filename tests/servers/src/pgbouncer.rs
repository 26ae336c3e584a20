//! PgBouncer.

use nix::sys::signal::Signal;

use crate::binaries::{Program, Search};
use crate::error::Error;
use crate::ground::{Ground, USER};
use crate::password::encode;
use crate::ports;
use crate::postgres;
use crate::server::{Blueprint, Probe, Server};

/// A PgBouncer to be, in transaction mode before a PostgreSQL, for each of its databases.
#[derive(Debug, Clone)]
pub struct PgBouncer {
    port: u16,
    password: String,
    settings: Vec<(String, String)>,
    search: Search,
}

impl PgBouncer {
    /// One before this server.
    pub fn new(postgres: &Server) -> Self {
        Self {
            port: postgres.port(),
            password: postgres.password().to_owned(),
            settings: Vec::new(),
            search: Search::default(),
        }
    }

    /// Sets a parameter of `pgbouncer.ini`. Of several with one name the last counts.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Looks for the programs there and nowhere else.
    pub fn search(mut self, search: Search) -> Self {
        self.search = search;
        self
    }

    /// Starts it. The URL's account and password are those of the PostgreSQL.
    ///
    /// # Errors
    ///
    /// Where a program is missing, or it does not answer.
    pub fn start(&self) -> Result<Server, Error> {
        ports::retrying(|| Server::first(self.blueprint(ports::free()?)?))
    }

    fn blueprint(&self, port: u16) -> Result<Blueprint, Error> {
        let mut ground = Ground::prepare(&self.search, &["postgres", "nobody"])?;
        ground.password.clone_from(&self.password);
        let users = format!("\"{USER}\" \"{}\"\n", self.password);
        ground.directory.write("users", &users)?;
        let configuration = self.configuration(&ground, port);
        let configuration = ground.directory.write("pgbouncer.ini", &configuration)?;
        let launch = ground
            .launch(self.search.find(Program::PGBOUNCER)?)
            .arg(configuration);
        let probe = Probe::Client(postgres::is_ready(&ground, &self.search, port)?);
        let url = format!(
            "postgres://{USER}:{}@127.0.0.1:{port}/postgres",
            encode(&self.password)
        );
        Ok(Blueprint {
            name: "PgBouncer",
            ground,
            launch,
            probe,
            port,
            url,
            // SIGINT would wait for its clients.
            stop: Signal::SIGTERM,
            discard: Signal::SIGKILL,
        })
    }

    fn configuration(&self, ground: &Ground, port: u16) -> String {
        let settings = self
            .settings
            .iter()
            .map(|(name, value)| format!("{name} = {value}\n"));
        format!(
            "[databases]\n\
             * = host=127.0.0.1 port={postgres}\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {port}\n\
             unix_socket_dir = {sockets}\n\
             auth_type = scram-sha-256\n\
             auth_file = users\n\
             pool_mode = transaction\n\
             max_client_conn = 1000\n\
             default_pool_size = 20\n\
             ignore_startup_parameters = extra_float_digits\n\
             {settings}",
            postgres = self.port,
            sockets = ground.directory.join("").display(),
            settings = settings.collect::<String>(),
        )
    }
}
