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

/// A store that keeps its records in a MySQL database, 8.0 or later, or a MariaDB database, 10.6 or later.
///
/// What an acknowledged step survives depends on the server: a loss of power with `innodb_flush_log_at_trx_commit = 1`
/// (and `sync_binlog = 1` where there is a binary log), and a failover too in a Galera cluster of such nodes.
/// Other replication acknowledges before a second machine has the record. [`require`](crate::IdempotencyBuilder::require)
/// checks the settings when the application starts.
///
/// Every step is one round trip, with no transaction and no lock between two statements; a claim that finds a recorded
/// outcome locks and writes nothing. The connections must reach the server that takes the writes. Clones share them.
///
/// A record with a body of 300 bytes takes about 910 bytes, 70 of them in the index by which expired records are found.
///
/// # Clocks
///
/// Only the server's clock judges leases and windows, whatever the time zone of server or session. The nodes of a cluster
/// each judge by their own: keep them in step, and leases much longer than they may differ.
///
/// # Privileges
///
/// The account needs `SELECT`, `INSERT`, `UPDATE` and `DELETE` on the table. [`migrate`](Self::migrate) needs `SELECT` on
/// the table of migrations, which has the same name and `_migrations` behind it, and `CREATE`, `ALTER`, `INSERT` and
/// `UPDATE` only where they are not up to date. The tables hold response bodies: grant them to nobody else.
///
/// # Connections
///
/// Give the store connections of its own, by [`connect`](Self::connect); see [`new`](Self::new) for what happens
/// otherwise. A quarter of them, at least one and at most four, is left to attempts that run: renewals and completions
/// never wait behind claims. A connection whose step was cut short is closed, and one that lay idle is checked before it is
/// used, so the store recovers by itself when a network swallows packets.
///
/// # Cancellation
///
/// A step whose future is dropped before its statement was sent does nothing. Dropped later, it closes its connection:
/// the server may still do the step, or not. Nothing goes on in the background, and no later step waits.
///
/// # Errors
///
/// A step fails as [not sent](super::StoreError::is_not_sent) where the server cannot be reached or gives no connection
/// within five seconds (within the pool's own `acquire_timeout`, on a pool of the application's), or refuses to run the
/// statement: for want of privileges, tables or a writable server. It fails as [unknown](super::StoreError::is_unknown)
/// where it was sent and not answered, and as [corrupt](super::StoreError::is_corrupt) where a row cannot be read; a
/// listing leaves such rows out. A statement that the server undid because of others, by a deadlock, a lock that was not
/// given in time or a certification that failed in a Galera cluster, is sent again before that.
///
/// An outcome for which `max_allowed_packet` is too small fails its own step as
/// [too large](super::StoreError::is_too_large), before it is sent if the server's limit is known, and no other step. Keep
/// `max_response` below that limit ([`Protocol::Simple`](super::Protocol::Simple) needs twice as much).
///
/// # Encryption
///
/// With the feature `tls`, connections are encrypted where the server can; `?ssl-mode=VERIFY_IDENTITY` in the URL insists
/// on it, and on the right server. Without encryption, a MySQL account with `caching_sha2_password`, its default, can only
/// be used if the application turns on the feature `mysql-rsa` of sqlx 0.9.
///
/// # Galera
///
/// Two nodes that take the same record are told apart when they commit: the slower one looks again. A record that another
/// node just wrote may still be missing here for a moment, which delays an answer but lets nobody run twice. `migrate`
/// locks on one node only; its statements may run twice without harm. Where `pxc_strict_mode` forbids `GET_LOCK`, run the
/// [exported migrations](MySqlStoreOptions::migrations).
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
    /// Connects to the server at this URL with the default [options](MySqlStoreOptions). Creates nothing there: call
    /// [`migrate`](Self::migrate).
    ///
    /// # Errors
    ///
    /// Those of [`MySqlStoreOptions::connect`].
    pub async fn connect(url: &str) -> Result<Self, MySqlStoreError> {
        MySqlStoreOptions::new().connect(url).await
    }

    /// Takes connections from a pool that the application has, with the default [options](MySqlStoreOptions). See
    /// [`with_pool`](MySqlStoreOptions::with_pool) for what the pool must be like.
    ///
    /// Don't share the pool with handlers. An extractor that holds a connection of the same pool starves the claim: with
    /// five connections, five requests that each hold one and wait for their claim get nowhere, and all are answered 503.
    /// Requests that wait for a duplicate hold theirs as well. Take a small pool of the store's own, which
    /// [`connect`](Self::connect) opens, or extract the connection after the claim, by `late`.
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

    /// Brings the tables up to date, and makes them where there are none. Several processes may do so at once: one does
    /// it, the others wait. Where they are up to date, it only reads.
    ///
    /// The servers commit each change of a schema at once. Where this is interrupted, the next call goes on. Tables of an
    /// earlier release are brought up to date without writing their rows anew, while processes of that release go on. That
    /// waits for transactions that use the table, for at most five seconds, since others wait behind it.
    ///
    /// # Errors
    ///
    /// [`MySqlStoreError`] if the server cannot be reached or refuses, if a transaction keeps the table in use, or if the tables
    /// were made by a later release.
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
