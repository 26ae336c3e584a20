//! The store itself.

use std::fmt;
use std::sync::Arc;

use sqlx::MySql;
use sqlx::mysql::MySqlPool;

use super::error::MySqlStoreError;
use super::migrations::{self, Sessions};
use super::options::MySqlStoreOptions;
use super::statements::Statements;
use super::steps::Shared;
use super::wire::Wire;
use crate::store::sql::connections::Connections;
use crate::store::sql::names::Names;
use crate::store::sql::options::default_names;
use crate::store::sql::setup_error::SetupError;
use crate::store::sql::steps::sql_store;

/// A store that keeps its records in a MySQL database, version 8.0 or later, or a MariaDB database, version 10.6 or later.
///
/// What an acknowledged step survives depends on the server: a loss of power with `innodb_flush_log_at_trx_commit = 1`
/// (and `sync_binlog = 1` if there is a binary log), and also a failover in a Galera cluster of such nodes. Other
/// replication acknowledges a step before a second machine has the record.
/// [`require`](crate::IdempotencyBuilder::require) checks the settings when the application starts.
///
/// Every step is one round trip, with no transaction and no lock between two statements. A claim that finds a recorded
/// outcome locks and writes nothing. The connections must reach the server that accepts writes. Clones share them.
///
/// A record with a body of 300 bytes takes about 910 bytes, of which 70 are in the index of expiry.
///
/// # Clocks
///
/// Only the server's clock judges leases and windows, whatever the time zone of the server or the session. The nodes of a
/// cluster each judge by their own clock: keep their clocks in step, and make leases much longer than they may differ.
///
/// # Privileges
///
/// The account needs `SELECT`, `INSERT`, `UPDATE` and `DELETE` on the table. [`migrate`](Self::migrate) needs `SELECT` on
/// the table of migrations, whose name is the table's with `_migrations` appended. It needs `CREATE`, `ALTER`, `INSERT`
/// and `UPDATE` only if the tables aren't up to date. The tables contain response bodies: grant them to nobody else.
///
/// # Connections
///
/// Give the store connections of its own, with [`connect`](Self::connect); [`new`](Self::new) explains what happens
/// otherwise. A quarter of them, at least one and at most four, is left to running attempts, so renewals and completions
/// never wait behind claims. A connection whose step was cut short is closed, and one that lay idle is checked before it is
/// used. So the store recovers by itself when a network swallows packets.
///
/// # Cancellation
///
/// If the future of a step is dropped before its statement was sent, the step does nothing. If it is dropped later, it
/// closes its connection, and the server may or may not carry the step out. Nothing goes on in the background, and no later
/// step waits.
///
/// # Errors
///
/// A step fails as [not sent](crate::store::StoreError::is_not_sent) if the server can't be reached, if no connection is
/// free within five seconds (in the application's pool, within its own `acquire_timeout`), or if the server refuses to run
/// the statement because privileges, tables or a writable server are missing.
///
/// It fails as [unknown](crate::store::StoreError::is_unknown) if it was sent and not answered, and as
/// [corrupt](crate::store::StoreError::is_corrupt) if a row can't be read; a listing leaves such rows out. If the server
/// undid a statement because of others (a deadlock, a lock wait that timed out, or a failed certification in a Galera
/// cluster), the statement is sent again before the step fails.
///
/// If `max_allowed_packet` is too small for an outcome, only its own step fails, as
/// [too large](crate::store::StoreError::is_too_large). If the server's limit is known, it fails before it is sent. Keep
/// `max_response` below that limit; [`Protocol::Simple`](super::Protocol::Simple) needs twice as much.
///
/// # Encryption
///
/// With the feature `tls`, connections are encrypted if the server supports it. `?ssl-mode=VERIFY_IDENTITY` in the URL
/// requires encryption, and the right server. Without encryption, a MySQL account with `caching_sha2_password`, which is
/// MySQL's default, can only be used if the application turns on the feature `mysql-rsa` of sqlx 0.9.
///
/// # Galera
///
/// If two nodes take the same record, they are told apart when they commit, and the slower one looks again. A record that
/// another node just wrote may be missing here for a moment. That delays an answer but never lets two attempts run.
/// `migrate` locks on one node only; its statements may run twice without harm. If `pxc_strict_mode` forbids `GET_LOCK`,
/// run the [exported migrations](MySqlStoreOptions::migrations).
///
/// ```no_run
/// use idempotent_runtime::{Idempotency, MySqlStore};
/// use idempotent_runtime::store::Durability;
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MySqlStore::connect(&std::env::var("DATABASE_URL")?).await?;
/// store.migrate().await?;
/// let idempotency = Idempotency::builder(store)
///     .require(Durability::Power)
///     .build()
///     .await?;
/// # drop(idempotency);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MySqlStore {
    shared: Arc<Shared>,
    names: Names,
    sessions: Sessions,
}

impl MySqlStore {
    /// Connects to the server at this URL with the default [options](MySqlStoreOptions). It creates nothing there: call
    /// [`migrate`](Self::migrate).
    ///
    /// # Errors
    ///
    /// Those of [`MySqlStoreOptions::connect`].
    pub async fn connect(url: &str) -> Result<Self, MySqlStoreError> {
        MySqlStoreOptions::new().connect(url).await
    }

    /// Uses the application's own connection pool, with the default [options](MySqlStoreOptions). See
    /// [`with_pool`](MySqlStoreOptions::with_pool) for what the pool must be like.
    ///
    /// Don't share the pool with handlers. An extractor that holds a connection of the same pool starves the claim: if five
    /// requests hold all five connections and wait for their claims, none of them gets any further, and all are answered
    /// with 503. Requests that wait for a duplicate hold theirs as well. Use a small pool for the store alone, which
    /// [`connect`](Self::connect) opens, or extract the connection after the claim, with `late`.
    pub fn new(pool: MySqlPool) -> Self {
        let connections = Connections::applications(pool.clone());
        let sessions = Sessions::Applications(pool);
        let options = MySqlStoreOptions::new();
        let names = default_names::<MySql>();
        Self::with_options(options, names, connections, sessions)
    }

    pub(super) fn with_options(
        options: MySqlStoreOptions,
        names: Names,
        connections: Connections<MySql>,
        sessions: Sessions,
    ) -> Self {
        let settings = options.settings;
        let statements = Statements::new(&names, settings.clock.is_some());
        let wire = Wire::new(connections, settings.protocol, settings.clock);
        Self {
            shared: Arc::new(Shared::new(wire, statements)),
            names,
            sessions,
        }
    }

    /// Brings the tables up to date, or creates them. Several processes may call it at once: one of them migrates, and the
    /// others wait. If the tables are up to date, it only reads.
    ///
    /// The servers commit each change of a schema at once, so if this is interrupted, the next call goes on from there.
    /// Tables of an earlier release are brought up to date without rewriting their rows, while processes of that release go
    /// on. That waits for transactions that use the table, but at most five seconds, since others wait behind it.
    ///
    /// # Errors
    ///
    /// [`MySqlStoreError`] if the server can't be reached or refuses, if a transaction keeps using the table, or if the
    /// tables were made by a later release.
    pub async fn migrate(&self) -> Result<(), MySqlStoreError> {
        if migrations::run(&self.sessions, &self.names).await? {
            let placed = self.shared.find_place_for_ever().await;
            placed.map_err(SetupError::migrate)?;
        }
        Ok(())
    }
}

sql_store!(MySqlStore);

impl fmt::Debug for MySqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The pool's options hold a password.
        f.debug_struct("MySqlStore")
            .field("table", &self.names.table())
            .finish_non_exhaustive()
    }
}
