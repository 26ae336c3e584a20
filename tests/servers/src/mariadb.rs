//! MariaDB, or MySQL where that is what is installed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::binaries::{Program, Search};
use crate::error::Error;
use crate::ground::{Ground, USER};
use crate::password::encode;
use crate::ports;
use crate::process::Launch;
use crate::server::{Blueprint, Probe, Server};

const INITIALISATION: Duration = Duration::from_mins(2);
const DATABASE: &str = "idempotent";

/// A MariaDB to be: its settings. They are as shipped, so it is as durable as its users have it.
#[derive(Debug, Clone, Default)]
pub struct MariaDb {
    settings: Vec<(String, String)>,
    search: Search,
}

impl MariaDb {
    /// One with MariaDB's own settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an option, such as `innodb-flush-log-at-trx-commit`. Of several with one name the last counts.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Gives up durability for speed, for tests that ask nothing about it.
    pub fn fast(self) -> Self {
        self.setting("innodb-flush-log-at-trx-commit", "0")
            .setting("sync-binlog", "0")
    }

    /// Looks for the programs there and nowhere else.
    pub fn search(mut self, search: Search) -> Self {
        self.search = search;
        self
    }

    /// Makes a data directory and starts a server on it. The URL's account may do everything.
    ///
    /// # Errors
    ///
    /// Where a program is missing, or the server does not answer.
    pub fn start(&self) -> Result<Server, Error> {
        ports::retrying(|| Server::first(self.blueprint(ports::free()?)?))
    }

    fn blueprint(&self, port: u16) -> Result<Blueprint, Error> {
        let flavour = Flavour::find(&self.search)?;
        let ground = Ground::prepare(&self.search, &["mysql", "nobody"])?;
        flavour.initialise(&ground, &self.search)?;
        let accounts = ground
            .directory
            .write("accounts.sql", &accounts(&ground.password))?;
        let launch = ground
            .launch(flavour.server().to_owned())
            .args([
                "--no-defaults",
                "--bind-address=127.0.0.1",
                "--skip-name-resolve",
            ])
            .arg(option("datadir", ground.directory.join("data").display()))
            .arg(option("socket", ground.directory.join("socket").display()))
            .arg(option("pid-file", ground.directory.join("pid").display()))
            .arg(option("init-file", accounts.display()))
            .arg(option("port", port))
            .args(flavour.options())
            .args(
                self.settings
                    .iter()
                    .map(|(name, value)| option(name, value)),
            );
        let probe = Probe::Client(ping(&ground, &self.search)?);
        let url = format!(
            "mysql://{USER}:{}@127.0.0.1:{port}/{DATABASE}",
            encode(&ground.password)
        );
        Ok(Blueprint {
            name: flavour.name(),
            ground,
            launch,
            probe,
            port,
            url,
            stop: Signal::SIGTERM,
            discard: Signal::SIGKILL,
        })
    }
}

/// Which of the two it is, and its server.
#[derive(Debug)]
enum Flavour {
    MariaDb(PathBuf),
    MySql(PathBuf),
}

impl Flavour {
    fn find(search: &Search) -> Result<Self, Error> {
        let server = search.find(Program::MARIADBD)?;
        let version = Command::new(&server).arg("--version").output();
        match version {
            Ok(version) if String::from_utf8_lossy(&version.stdout).contains("MariaDB") => {
                Ok(Self::MariaDb(server))
            }
            Ok(_) => Ok(Self::MySql(server)),
            Err(source) => Err(Error::Spawn {
                program: server,
                source,
            }),
        }
    }

    fn server(&self) -> &Path {
        match self {
            Self::MariaDb(server) | Self::MySql(server) => server,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::MariaDb(_) => "MariaDB",
            Self::MySql(_) => "MySQL",
        }
    }

    fn options(&self) -> &'static [&'static str] {
        match self {
            Self::MariaDb(_) => &[],
            // Its second protocol has a port of its own.
            Self::MySql(_) => &["--mysqlx=OFF"],
        }
    }

    fn initialise(&self, ground: &Ground, search: &Search) -> Result<(), Error> {
        let data = option("datadir", ground.directory.join("data").display());
        let program = match self {
            Self::MariaDb(_) => ground
                .launch(search.find(Program::MARIADB_INSTALL_DB)?)
                .args([
                    "--no-defaults",
                    &data,
                    "--skip-test-db",
                    "--auth-root-authentication-method=socket",
                ])
                // What is made here is not worth waiting for a disk.
                .arg("--innodb-flush-method=nosync"),
            Self::MySql(server) => ground.launch(server.clone()).args([
                "--no-defaults",
                &data,
                "--initialize-insecure",
            ]),
        };
        program.run(INITIALISATION)
    }
}

/// Runs at every start, before anybody can connect.
fn accounts(password: &str) -> String {
    format!(
        "CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{password}';\n\
         GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n\
         CREATE DATABASE IF NOT EXISTS {DATABASE};\n"
    )
}

/// Asks by the socket in the server's own directory, where no other server can answer. It is made after the port is bound.
fn ping(ground: &Ground, search: &Search) -> Result<Launch, Error> {
    Ok(ground
        .launch(search.find(Program::MARIADB_ADMIN)?)
        .args(["--no-defaults", "--silent", "--connect-timeout=3"])
        .arg(option("socket", ground.directory.join("socket").display()))
        .arg(option("user", USER))
        .env("MYSQL_PWD", &ground.password)
        .arg("ping"))
}

fn option(name: &str, value: impl std::fmt::Display) -> String {
    format!("--{name}={value}")
}
