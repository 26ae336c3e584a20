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

/// A store that keeps its records in a PostgreSQL database, 14 or later.
///
/// What an acknowledged step survives depends on the server: a loss of power with the settings that it is shipped with,
/// a failover with `synchronous_standby_names`.
/// [`require`](crate::IdempotencyBuilder::require) checks them when the application starts.
///
/// Every step is one statement and one round trip, with no transaction and no lock between two of them. Only the
/// server's clock judges. Works behind `PgBouncer` in transaction mode, see [`Protocol`](super::Protocol). Clones share the connections.
///
/// The role needs `SELECT`, `INSERT`, `UPDATE` and `DELETE` on the table; [`migrate`](Self::migrate), and sweeps in the
/// [layout by days](Layout::PartitionedByDay), need to own it. The tables hold response bodies: grant them to nobody
/// else.
///
/// # Connections
///
/// [`connect`](Self::connect) gives the store a few connections of its own, which is what it should have: see
/// [`with_pool`](PostgresStoreOptions::with_pool) for what happens to a store that shares them with handlers.
/// A quarter of them is left to steps of attempts that run, so that leases are renewed in a storm of claims.
///
/// A connection whose step was cut short, or that lay idle and is silent, is closed and replaced. The driver can set
/// neither TCP keepalive nor a user timeout: set `net.ipv4.tcp_keepalive_time` where an idle connection may be dropped by
/// something in between, and `tcp_user_timeout` on the server.
///
/// # Cancellation
///
/// A step whose future is dropped before it has a connection was not sent, and never is. Later, its connection is closed;
/// the step is done or not done, and may be sent again at once. Nothing goes on in the background.
///
/// # Errors
///
/// A step fails as [not sent](super::StoreError::is_not_sent) where a connection is refused, which is known at once, or
/// none is free within five seconds, and where the server refuses the statement as such: no table, no privilege, no
/// writes. It fails as [unknown](super::StoreError::is_unknown) where the server did not answer within thirty seconds (the
/// engine waits for less), or failed; as [too large](super::StoreError::is_too_large) where an outcome is beyond what
/// the server takes; and as [corrupt](super::StoreError::is_corrupt) where a row cannot be read. The connections recover
/// by themselves.
///
/// # Days
///
/// In the [layout by days](Layout::PartitionedByDay), a sweep drops the days that are over, and only tables that carry the
/// store's own mark as their comment: not one that somebody made, nor a day that somebody detached, or is detaching, to
/// keep it. A day that an earlier release had begun to detach is marked by [`migrate`](PostgresStore::migrate). One that it
/// left detached has no mark, and is for somebody to look at and drop.
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
    /// Connects to the server at this URL with the default [options](PostgresStoreOptions). Creates nothing there: call
    /// [`migrate`](Self::migrate).
    ///
    /// # Errors
    ///
    /// Those of [`PostgresStoreOptions::connect`].
    pub async fn connect(url: &str) -> Result<Self, PostgresStoreError> {
        PostgresStoreOptions::new().connect(url).await
    }

    /// Takes connections from a pool that the application has, with the default [options](PostgresStoreOptions).
    ///
    /// Prefer [`connect`](Self::connect): a small pool of the store's own. Extractors that hold a connection of this pool
    /// starve the claim: five requests with five connections between them all wait for a sixth, and all are answered 503.
    /// Waiting duplicates hold theirs as well.
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

    /// Brings the tables up to date, and makes them where there are none. Several processes may do so at once: one does
    /// it, the others wait. Processes of the release before may go on writing meanwhile and afterwards.
    ///
    /// From the tables of version 1 it changes no row. Migration 2 adds columns in one transaction, which locks the table
    /// for milliseconds. It waits for whoever uses the table, and everybody else waits behind it, so it gives up after
    /// five seconds. Migration 3 indexes the running records outside of a transaction, for which it takes a second
    /// connection. Nobody waits for it: it reads the table twice, and waits itself for transactions that began before it,
    /// for a minute at most. By days, days that are there already get no such index.
    ///
    /// Each migration may be repeated after it failed or was cut short, by calling this again: the first two are then not
    /// done at all, and what the third left is built anew. Dropping the future leaves the server to end what was sent.
    ///
    /// # Errors
    ///
    /// [`PostgresStoreError`] if the server cannot be reached, refuses, or doesn't answer within thirty seconds, a lock is
    /// not to be had in time, or the tables were made by a later release; in
    /// the layout by days, if the role does not own them.
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

    /// The statements of the steps, by their names, with values that no record has: for `EXPLAIN`.
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
