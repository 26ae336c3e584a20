//! How a store is set up.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{ConnectOptions as _, Connection as _};

use super::PostgresStore;
use super::error::PostgresStoreError;
use super::migrations::{self, Migration};
use super::owner;
use crate::clock::Clock;
use crate::store::sql::connections::Connections;
use crate::store::sql::names::TableName;

/// The longest name that PostgreSQL keeps is 63 bytes; `_2026_11_22`, `_migrations` and the like are appended.
const LONGEST_NAME: usize = 48;

const TABLE: &str = "idempotency_records";

/// How long the first connection may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a [`PostgresStore`] is set up.
///
/// ```no_run
/// use idempotent_runtime::store::PostgresStoreOptions;
/// use idempotent_runtime::store::postgres::Layout;
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let store = PostgresStoreOptions::new()
///     .schema("billing")
///     .table("idempotency")
///     .layout(Layout::PartitionedByDay)
///     .max_connections(32)
///     .connect("postgres://app@db.internal/app")
///     .await?;
/// store.migrate().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is connected before `connect` or `with_pool`"]
pub struct PostgresStoreOptions {
    table: String,
    schema: Option<String>,
    pub(super) layout: Layout,
    pub(super) protocol: Protocol,
    max_connections: u32,
    pub(super) clock: Option<Arc<dyn Clock>>,
}

/// How records lie in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// One table. Expired rows are deleted in small batches.
    #[default]
    Plain,
    /// A table with a partition for each day on which records were claimed. Nothing is deleted: a day all of whose records
    /// have expired is dropped. A step looks into each day that is still there, so windows should be days and not months.
    PartitionedByDay,
}

/// How statements are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// As prepared statements, one round trip each once a connection has seen them.
    #[default]
    Prepared,
    /// As texts with their values written in, one round trip each and nothing prepared. For a pooler that gives every
    /// transaction another connection and does not know of prepared statements: `PgBouncer` before 1.21, or with
    /// `max_prepared_statements = 0`. Response bodies are then part of the statements; on a pool of your own see that
    /// statements are not logged.
    Simple,
}

impl PostgresStoreOptions {
    /// The table `idempotency_records` in the first schema of the connection's search path, in the
    /// [plain](Layout::Plain) layout, by [prepared](Protocol::Prepared) statements, over at most 16 connections.
    pub fn new() -> Self {
        Self {
            table: TABLE.to_owned(),
            schema: None,
            layout: Layout::default(),
            protocol: Protocol::default(),
            max_connections: 16,
            clock: None,
        }
    }

    /// The table's name: ASCII letters, digits and underscores, at most 48.
    pub fn table(mut self, name: impl Into<String>) -> Self {
        self.table = name.into();
        self
    }

    /// The table's schema, named as the table is. [`migrate`](PostgresStore::migrate) creates it if there is none.
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = Some(name.into());
        self
    }

    /// How records lie in the database. To change it later, take another table.
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// How statements are sent.
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// The most connections that [`connect`](Self::connect) opens. No connection is held while a handler runs.
    ///
    /// A quarter of them, at least one and at most four, are left to steps of attempts that run or ran, so that no storm
    /// of claims keeps a lease from being renewed or an outcome from being recorded.
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

    /// Connects to the server at this URL, `postgres://user:password@host:port/database`, and creates nothing there:
    /// call [`migrate`](PostgresStore::migrate).
    ///
    /// `?sslmode=verify-full` insists on TLS with a certificate of that host, for which the feature `tls` must be on.
    /// Without an `sslmode`, connections are encrypted where both sides can, and in the clear where not.
    ///
    /// # Errors
    ///
    /// [`PostgresStoreError`] if the URL is not one of a PostgreSQL server, the server refuses or cannot be reached within
    /// five seconds, or a name is not one that the store takes; in the [layout by days](Layout::PartitionedByDay), if the
    /// table is there and the role does not own it. No error holds the URL or the password.
    pub async fn connect(self, url: &str) -> Result<PostgresStore, PostgresStoreError> {
        let names = self.names()?;
        let options = connect_options(url)?;
        let place = format!("{}:{}", options.get_host(), options.get_port());
        let first = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await;
        let mut first = match first.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
            Ok(connection) => connection,
            Err(error) => return Err(PostgresStoreError::connect(place, error)),
        };
        if self.layout == Layout::PartitionedByDay {
            owner::check(&mut first, &names).await?;
        }
        // It worked; how it ends matters to nobody.
        let _ = tokio::time::timeout(PATIENCE, first.close()).await;
        let connections = Connections::own(options, self.max_connections);
        Ok(PostgresStore::with_options(self, names, connections))
    }

    /// Takes connections from a pool that the application has.
    ///
    /// Prefer [`connect`](Self::connect), a few connections of the store's own. Where handlers and their extractors take
    /// connections from this pool too, the claims of as many requests as it has connections wait for each other's
    /// extractors and all fail; so do duplicates that wait. A step that gets no connection in the pool's own time fails as
    /// [not sent](crate::store::StoreError::is_not_sent). The pool tries a server that refuses connections for as long as
    /// that time lasts, where the store's own connections know at once, and an idle connection that fell silent is found
    /// out only when a step has waited for it.
    ///
    /// The pool's sessions may have any settings, if they commit by themselves. `test_before_acquire(false)` saves a
    /// round trip for every step. Where the pool logs its statements, [`Protocol::Simple`] has response bodies in them.
    ///
    /// # Errors
    ///
    /// [`PostgresStoreError`] if a name is not one that the store takes.
    pub fn with_pool(self, pool: PgPool) -> Result<PostgresStore, PostgresStoreError> {
        let names = self.names()?;
        Ok(PostgresStore::with_options(
            self,
            names,
            Connections::applications(pool),
        ))
    }

    /// The migrations as they would be run, for teams that run their own. Each records its own version, so that
    /// [`migrate`](PostgresStore::migrate) knows that it was run. Not all of them can run in a
    /// [transaction](Migration::runs_in_transaction).
    ///
    /// # Errors
    ///
    /// [`PostgresStoreError`] if a name is not one that the store takes.
    ///
    /// ```
    /// use idempotent_runtime::store::PostgresStoreOptions;
    ///
    /// for migration in PostgresStoreOptions::new().migrations()? {
    ///     println!("-- {}\n{}", migration.name(), migration.sql());
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn migrations(&self) -> Result<Vec<Migration>, PostgresStoreError> {
        Ok(migrations::of(&self.names()?, self.layout))
    }

    /// The checked names.
    fn names(&self) -> Result<Names, PostgresStoreError> {
        let name =
            |name: &str| TableName::new(name, LONGEST_NAME).map_err(PostgresStoreError::name);
        Ok(Names {
            table: name(&self.table)?,
            schema: self.schema.as_deref().map(name).transpose()?,
        })
    }
}

impl Default for PostgresStoreOptions {
    fn default() -> Self {
        Self::new()
    }
}

fn connect_options(url: &str) -> Result<PgConnectOptions, PostgresStoreError> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    if !matches!(scheme, Some("postgres" | "postgresql")) {
        return Err(PostgresStoreError::url());
    }
    let options: PgConnectOptions = url
        .parse()
        .map_err(|_: sqlx::Error| PostgresStoreError::url())?;
    // What PgBouncer does not know, it refuses.
    Ok(options.extra_float_digits(None).disable_statement_logging())
}

/// The checked names of a table and its schema.
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
        format!("{}\"{}{suffix}\"", self.prefix(), self.table.as_str())
    }

    /// What stands before a name of the same schema.
    pub(super) fn prefix(&self) -> String {
        self.schema
            .as_ref()
            .map_or_else(String::new, |schema| format!("\"{}\".", schema.as_str()))
    }

    /// The table's name alone.
    pub(super) fn bare(&self) -> &str {
        self.table.as_str()
    }

    pub(super) fn schema(&self) -> Option<&str> {
        self.schema.as_ref().map(TableName::as_str)
    }
}
