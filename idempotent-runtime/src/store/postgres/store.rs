//! The store itself.

use std::fmt;
use std::sync::Arc;

use sqlx::Postgres;
use sqlx::postgres::PgPool;

#[cfg(feature = "test-util")]
use super::arguments::{Argument, Statement};
#[cfg(feature = "test-util")]
use super::dialect::Array;
use super::error::PostgresStoreError;
use super::layout::Layout;
use super::migrations;
use super::options::PostgresStoreOptions;
use super::owner;
use super::statements::Statements;
use super::steps::Shared;
use super::wire::{Failed, Wire};
use crate::store::sql::cause::SqlxCause;
use crate::store::sql::connections::Connections;
use crate::store::sql::lane::Lane;
use crate::store::sql::names::Names;
use crate::store::sql::options::default_names;
use crate::store::sql::setup_error::SetupError;
use crate::store::sql::steps::sql_store;

/// A store that keeps its records in a PostgreSQL database, version 14 or later.
///
/// What an acknowledged step survives depends on the server: a loss of power with its default settings, and a failover
/// with `synchronous_standby_names`. [`require`](crate::IdempotencyBuilder::require) checks the settings when the
/// application starts.
///
/// Every step is one statement and one round trip. No transaction and no lock outlives it. Only the server's clock judges
/// leases and expiry. The store works behind `PgBouncer` in transaction mode, see
/// [`Protocol`](super::Protocol). Clones share the connections.
///
/// The role needs `SELECT`, `INSERT`, `UPDATE` and `DELETE` on the table. It must own the table for
/// [`migrate`](Self::migrate), and for sweeps in the [layout by days](Layout::PartitionedByDay). The tables contain
/// response bodies: grant them to nobody else.
///
/// # Connections
///
/// [`connect`](Self::connect) gives the store a few connections of its own. That is what it should have:
/// [`with_pool`](PostgresStoreOptions::with_pool) explains what happens to a store that shares them with handlers. A
/// quarter of the connections is left to the steps of running attempts, so leases are renewed even in a flood of claims.
///
/// A connection is closed and replaced if its step was cut short, or if it lay idle and doesn't answer. The driver can set
/// neither TCP keepalive nor a user timeout. If something between the store and the server may drop idle connections, set
/// `net.ipv4.tcp_keepalive_time`, and `tcp_user_timeout` on the server.
///
/// # Cancellation
///
/// If the future of a step is dropped before it has a connection, the step isn't sent. If it is dropped later, its
/// connection is closed. The step may or may not have been carried out, and may be sent again at once. Nothing goes on in
/// the background.
///
/// # Errors
///
/// A step fails as [not sent](crate::store::StoreError::is_not_sent) if a connection is refused, if none is free within
/// five seconds, or if the server rejects the statement as such: a table is missing, a privilege is missing, or the server
/// is read-only. A refused connection is noticed at once.
///
/// It fails as [unknown](crate::store::StoreError::is_unknown) if the server fails or doesn't answer within thirty seconds
/// (the engine waits for less). It fails as [too large](crate::store::StoreError::is_too_large) if an outcome is larger
/// than the server accepts, and as [corrupt](crate::store::StoreError::is_corrupt) if a row can't be read. The connections
/// recover by themselves.
///
/// # Days
///
/// In the [layout by days](Layout::PartitionedByDay), a sweep drops the days that are over. It only drops tables that have
/// the store's own mark as their comment. So it leaves alone a table that somebody made, and a day that somebody has
/// detached, or is detaching, to keep it. [`migrate`](PostgresStore::migrate) marks a day that an earlier release had begun
/// to detach. A day that an earlier release left detached has no mark: look at it, and drop it yourself.
///
/// ```no_run
/// use idempotent_runtime::{Idempotency, PostgresStore};
/// use idempotent_runtime::store::Durability;
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let store = PostgresStore::connect(&std::env::var("DATABASE_URL")?).await?;
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
pub struct PostgresStore {
    shared: Arc<Shared>,
}

impl PostgresStore {
    /// Connects to the server at this URL with the default [options](PostgresStoreOptions). It creates nothing there: call
    /// [`migrate`](Self::migrate).
    ///
    /// # Errors
    ///
    /// Those of [`PostgresStoreOptions::connect`].
    pub async fn connect(url: &str) -> Result<Self, PostgresStoreError> {
        PostgresStoreOptions::new().connect(url).await
    }

    /// Uses the application's own connection pool, with the default [options](PostgresStoreOptions).
    ///
    /// Prefer [`connect`](Self::connect), which opens a small pool for the store. Extractors that hold a connection of this
    /// pool starve the claim: if five requests hold all five connections, each of them waits for a sixth, and all are
    /// answered with 503. Waiting duplicates hold theirs as well.
    pub fn new(pool: PgPool) -> Self {
        let options = PostgresStoreOptions::new();
        let names = default_names::<Postgres>();
        Self::with_options(options, names, Connections::applications(pool))
    }

    pub(super) fn with_options(
        options: PostgresStoreOptions,
        names: Names,
        connections: Connections<Postgres>,
    ) -> Self {
        let PostgresStoreOptions { settings, layout } = options;
        Self {
            shared: Arc::new(Shared {
                statements: Statements::new(&names, layout, settings.protocol),
                wire: Wire {
                    connections,
                    protocol: settings.protocol,
                    clock: settings.clock,
                },
                names,
                layout,
            }),
        }
    }

    /// Brings the tables up to date, or creates them. Several processes may call it at once: one of them migrates, and the
    /// others wait. Processes of the release before may go on writing meanwhile and afterwards.
    ///
    /// It changes no row of version 1. Migration 2 adds columns in one transaction, which locks the table for milliseconds.
    /// It waits for everybody who uses the table, and everybody else waits behind it, so it gives up after five seconds.
    /// Migration 3 indexes the running records outside of a transaction, for which it takes a second connection. Nobody
    /// waits for it: it reads the table twice, and waits itself, for a minute at most, for transactions that began before
    /// it. In the layout by days, existing days get no such index.
    ///
    /// If a migration failed or was cut short, call this again. The first two then left nothing behind, and what the third
    /// left is built anew. If the future is dropped, the server finishes what was sent.
    ///
    /// # Errors
    ///
    /// [`PostgresStoreError`] if the server can't be reached, refuses, or doesn't answer within thirty seconds; if a lock
    /// can't be had in time; or if the tables were made by a later release. In the layout by days also if the role doesn't
    /// own them.
    pub async fn migrate(&self) -> Result<(), PostgresStoreError> {
        let shared = &self.shared;
        let connections = &shared.wire.connections;
        migrations::run(connections, &shared.names, shared.layout).await?;
        if shared.layout == Layout::PartitionedByDay {
            let acquired = connections.acquire(Lane::Claims).await;
            let mut acquired = acquired.map_err(SetupError::migrate)?;
            owner::check(acquired.connection(), &shared.names).await?;
            // An error above leaves the connection as it is, so it is closed.
            let _ = acquired.answered(Ok(()));
            let made = shared.days().make(Lane::Claims).await;
            made.map_err(|error| match error {
                Failed::NotSent(error) => SetupError::migrate(error),
                Failed::Sent(error) => SetupError::migrate(SqlxCause::new(error)),
            })?;
        }
        Ok(())
    }

    /// The statements of the steps by name, with values that no record has, for `EXPLAIN`.
    #[cfg(feature = "test-util")]
    pub fn statements(&self) -> Vec<(&'static str, String)> {
        let statements = &self.shared.statements;
        let (id, int) = (Argument::bytes(&[0xab; 32]), Argument::int(1));
        let of = |statement: &Statement, arguments: &str| {
            let arguments: Vec<_> = arguments
                .chars()
                .map(|kind| match kind {
                    'b' => id.clone(),
                    't' => Argument::text("label"),
                    'B' => Argument::Special(Array::Bytes(vec![vec![0xab; 32], vec![0xcd; 32]])),
                    'I' => Argument::Special(Array::Ints(vec![1, 2])),
                    _ => int.clone(),
                })
                .collect();
            statement.written(&arguments)
        };
        vec![
            ("claim", of(&statements.claim, "bbbiibiitti")),
            ("withdraw", of(&statements.withdraw, "bbbiibiitti")),
            ("renew", of(&statements.renew, "bbii")),
            ("renew_all", of(&statements.renew_all, "BBIi")),
            ("publish", of(&statements.publish, "bbibb")),
            ("complete", of(&statements.complete, "bbiiibbi")),
            ("release", of(&statements.release, "bbi")),
            ("load", of(&statements.load, "bi")),
            ("forget", of(&statements.forget, "bb")),
            ("resolve", of(&statements.resolve, "bbbiiibbi")),
            ("sweep", of(&statements.sweep, "ii")),
            ("sweep_lapsed", of(&statements.sweep_lapsed, "ii")),
            ("list", of(&statements.list, "bii")),
            ("list_running", of(&statements.list_running, "bii")),
            ("list_expiring", of(&statements.list_expiring, "biiii")),
        ]
    }
}

sql_store!(PostgresStore);

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The pool's options hold a password.
        f.debug_struct("PostgresStore")
            .field("table", &self.shared.names.table())
            .field("layout", &self.shared.layout)
            .finish_non_exhaustive()
    }
}
