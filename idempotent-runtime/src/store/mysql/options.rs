//! How a store is set up.

use std::sync::Arc;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlPool};
use sqlx::{ConnectOptions as _, Connection as _};

use super::MySqlStore;
use super::error::{MySqlStoreError, NoAnswer};
use super::migrations::{self, Migration, Sessions};
use crate::clock::Clock;
use crate::store::sql::connections::Connections;
use crate::store::sql::names::TableName;

const TABLE: &str = "idempotency_records";

/// The longest name that the servers take is 64 bytes; `_migrations` and the like are appended.
const LONGEST_NAME: usize = 48;

/// How long to wait for the server when the store is set up.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How a [`MySqlStore`] is set up.
///
/// ```no_run
/// use idempotent_runtime::store::MySqlStoreOptions;
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MySqlStoreOptions::new()
///     .schema("billing")
///     .table("idempotency")
///     .max_connections(32)
///     .connect("mysql://app@db.internal/app")
///     .await?;
/// store.migrate().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is connected before `connect` or `with_pool`"]
pub struct MySqlStoreOptions {
    table: String,
    schema: Option<String>,
    pub(super) protocol: Protocol,
    max_connections: u32,
    pub(super) clock: Option<Arc<dyn Clock>>,
}

/// How statements are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// As prepared statements, one round trip each once a connection has seen them; claims as text.
    #[default]
    Prepared,
    /// As texts with their values written in, one round trip each and nothing prepared. For a proxy that does not know of
    /// prepared statements, or a server that allows few (`max_prepared_stmt_count`). Response bodies are then part of
    /// the statements, at two bytes each; on a pool of your own see that statements are not logged.
    Simple,
}

impl MySqlStoreOptions {
    /// The table `idempotency_records` in the connection's database, by [prepared](Protocol::Prepared) statements, over
    /// at most 16 connections.
    pub fn new() -> Self {
        Self {
            table: TABLE.to_owned(),
            schema: None,
            protocol: Protocol::default(),
            max_connections: 16,
            clock: None,
        }
    }

    /// The table's name: ASCII letters, digits and underscores, at most 48, beginning with no digit.
    pub fn table(mut self, name: impl Into<String>) -> Self {
        self.table = name.into();
        self
    }

    /// The database in which the table is, named as the table is. It must exist.
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = Some(name.into());
        self
    }

    /// How statements are sent.
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// The most connections that [`connect`](Self::connect) opens. No connection is held while a handler runs.
    pub fn max_connections(mut self, connections: u32) -> Self {
        self.max_connections = connections;
        self
    }

    /// Judges leases and expiry by this clock and not by the server's. For tests: processes that share a table would
    /// have to share the clock too.
    #[cfg(feature = "test-util")]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Connects to the server at this URL, `mysql://user:password@host:port/database`, and creates nothing there: call
    /// [`migrate`](MySqlStore::migrate).
    ///
    /// # Errors
    ///
    /// [`MySqlStoreError`] if the URL isn't one of MySQL or MariaDB, the server refuses or cannot be reached within five seconds, or a name is
    /// not one that the store takes. No error holds the URL, the user or the password.
    pub async fn connect(self, url: &str) -> Result<MySqlStore, MySqlStoreError> {
        let names = self.names()?;
        let options = connect_options(url)?;
        let place = place(&options);
        // The pool would hide why the server cannot be reached, and try until its patience ends.
        let connected = tokio::time::timeout(PATIENCE, options.connect()).await;
        let connection = match connected {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Err(MySqlStoreError::connect(place, error)),
            Err(_) => return Err(MySqlStoreError::silent(place, NoAnswer(PATIENCE))),
        };
        // The server notices if this fails.
        let _ = connection.close().await;
        let connections = Connections::own(options.clone(), self.max_connections);
        let sessions = Sessions::Own(Box::new(options));
        Ok(MySqlStore::with_options(self, names, connections, sessions))
    }

    /// Takes connections from a pool that the application has. A step that gets no connection within the pool's
    /// `acquire_timeout` fails as [not sent](crate::store::StoreError::is_not_sent), so the pool must not be exhausted by
    /// what handlers and extractors hold: see [`MySqlStore::new`], and prefer [`connect`](Self::connect).
    ///
    /// The pool's sessions may have any time zone, character set, `sql_mode` and isolation level, but must commit by
    /// themselves (`autocommit = 1`). Where the pool logs its statements, claims are logged with the hashes of their
    /// keys and requests; with [`Protocol::Simple`], response bodies too.
    ///
    /// # Errors
    ///
    /// [`MySqlStoreError`] if a name is not one that the store takes.
    pub fn with_pool(self, pool: MySqlPool) -> Result<MySqlStore, MySqlStoreError> {
        let names = self.names()?;
        let connections = Connections::applications(pool.clone());
        let sessions = Sessions::Applications(pool);
        Ok(MySqlStore::with_options(self, names, connections, sessions))
    }

    /// The migrations as they would be run, for teams that run their own. Each records its own version, so that
    /// [`migrate`](MySqlStore::migrate) knows that it was run.
    ///
    /// # Errors
    ///
    /// [`MySqlStoreError`] if a name is not one that the store takes.
    ///
    /// ```
    /// use idempotent_runtime::store::MySqlStoreOptions;
    ///
    /// for migration in MySqlStoreOptions::new().migrations()? {
    ///     println!("-- {}\n{}", migration.name(), migration.sql());
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn migrations(&self) -> Result<Vec<Migration>, MySqlStoreError> {
        Ok(migrations::of(&self.names()?))
    }

    fn names(&self) -> Result<Names, MySqlStoreError> {
        let name = |name: &str| TableName::new(name, LONGEST_NAME).map_err(MySqlStoreError::name);
        Ok(Names {
            table: name(&self.table)?,
            schema: self.schema.as_deref().map(name).transpose()?,
        })
    }
}

impl Default for MySqlStoreOptions {
    fn default() -> Self {
        Self::new()
    }
}

fn connect_options(url: &str) -> Result<MySqlConnectOptions, MySqlStoreError> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    if !matches!(scheme, Some("mysql" | "mariadb")) {
        return Err(MySqlStoreError::url());
    }
    let options: MySqlConnectOptions = url
        .parse()
        .map_err(|_: sqlx::Error| MySqlStoreError::url())?;
    // The store depends on no setting of its sessions, so that none need be sent when a connection is opened.
    Ok(options
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None)
        .set_names(false)
        .disable_statement_logging())
}

/// Where the server is, without who asks.
fn place(options: &MySqlConnectOptions) -> String {
    let server = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    match options.get_database() {
        Some(database) => format!("{server}/{database}"),
        None => server,
    }
}

/// The checked names of a table and its database.
#[derive(Clone, Debug)]
pub(super) struct Names {
    table: TableName,
    schema: Option<TableName>,
}

impl Default for Names {
    fn default() -> Self {
        let table = TableName::new(TABLE, LONGEST_NAME);
        Self {
            table: table.expect("the default name is sound"),
            schema: None,
        }
    }
}

impl Names {
    /// The table, as statements name it.
    pub(super) fn table(&self) -> String {
        self.beside("")
    }

    /// What belongs to the table and is called like it.
    pub(super) fn beside(&self, suffix: &str) -> String {
        let table = self.table.as_str();
        match &self.schema {
            Some(schema) => format!("`{}`.`{table}{suffix}`", schema.as_str()),
            None => format!("`{table}{suffix}`"),
        }
    }

    /// The database in which the table is, as an expression.
    pub(super) fn schema(&self) -> String {
        match &self.schema {
            Some(schema) => format!("'{}'", schema.as_str()),
            None => "DATABASE()".to_owned(),
        }
    }

    /// The index of expiry, as statements name it.
    pub(super) fn expiry(&self) -> String {
        format!("`{}_expiry`", self.bare())
    }

    /// The table's name alone.
    pub(super) fn bare(&self) -> &str {
        self.table.as_str()
    }
}
