//! Records in a database of PostgreSQL's.

mod arguments;
mod error;
mod migrations;
mod options;
mod partitions;
mod rows;
mod statements;
mod survives;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgPool, PgRow};

use self::arguments::{Argument, prepared, written};
pub use self::error::PostgresStoreError;
use self::error::to_store_error;
pub use self::migrations::Migration;
use self::options::Names;
pub use self::options::{Layout, PostgresStoreOptions, Protocol};
use self::partitions::Days;
use self::statements::Statements;
use super::columns::{KeptChanging, LOOKS, claimed, millis, state, state_of};
use super::settling::Unsettled;
use super::{
    Claim, Claimed, Completion, Fence, Record, Resolution, Store, StoreError, StoreFuture,
    Survives, Takeover, transition,
};
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Outcome;
use crate::policy::Ttl;

/// The most rows that one statement sweeps: few enough that a claim of one of them waits for milliseconds.
const SWEEP_AT_ONCE: usize = 500;

/// A store that keeps its records in a database of PostgreSQL's, 14 or later.
///
/// What an acknowledged step survives depends on the server: a loss of power with the settings that it is shipped with,
/// a failover with `synchronous_standby_names`.
/// [`require`](crate::IdempotencyBuilder::require) checks them when the application starts.
///
/// Every step is one statement and one round trip, with no transaction and no lock between two of them. Only the
/// server's clock judges. Works behind `PgBouncer` in transaction mode, see [`Protocol`]. Clones share the connections.
///
/// The role needs `SELECT`, `INSERT`, `UPDATE` and `DELETE` on the table; [`migrate`](Self::migrate), and sweeps in the
/// [layout by days](Layout::PartitionedByDay), need to own it. The tables hold response bodies: grant them to nobody
/// else.
///
/// # Cancellation
///
/// A step whose future is dropped after its first poll goes on in the background; later steps of the same attempt wait
/// for it.
///
/// # Errors
///
/// A step fails as [unavailable](StoreError::is_unavailable) where the server cannot be reached, gives no connection
/// within five seconds, or refuses; and as [corrupt](StoreError::is_corrupt) where a row cannot be read. The connections
/// recover by themselves. The engine waits for a step no longer than five seconds, also where a network swallows it
/// without a word; what became of the step is then unknown, as after any failure.
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
    unsettled: Arc<Unsettled>,
}

/// What all clones share, and steps that go on without their callers.
struct Shared {
    pool: PgPool,
    names: Names,
    options: PostgresStoreOptions,
    statements: Statements,
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
    pub fn new(pool: PgPool) -> Self {
        let options = PostgresStoreOptions::new();
        Self::with_options(options, &Names::default(), pool)
    }

    fn with_options(options: PostgresStoreOptions, names: &Names, pool: PgPool) -> Self {
        let claim_function = names.beside("_claim");
        let statements = Statements::new(&names.table(), &claim_function, options.layout);
        Self {
            shared: Arc::new(Shared {
                pool,
                names: names.clone(),
                options,
                statements,
            }),
            unsettled: Arc::default(),
        }
    }

    /// Brings the tables up to date, and makes them where there are none. Several processes may do so at once: one does
    /// it, the others wait.
    ///
    /// Dropping the future leaves the tables as they were or up to date.
    ///
    /// # Errors
    ///
    /// [`PostgresStoreError`] if the server cannot be reached or refuses, or the tables were made by a later release.
    pub async fn migrate(&self) -> Result<(), PostgresStoreError> {
        let shared = &self.shared;
        let failed = |error| PostgresStoreError::migrate(super::told_once::ToldOnce::new(error));
        let mut connection = shared.pool.acquire().await.map_err(failed)?;
        migrations::run(&mut connection, &shared.names, shared.options.layout).await?;
        drop(connection);
        if shared.options.layout == Layout::PartitionedByDay {
            let days = Days::new(&shared.names);
            days.make_only(&shared.pool, shared.now())
                .await
                .map_err(failed)?;
        }
        Ok(())
    }

    /// The statements of the steps, by their names, with values that no record has: for `EXPLAIN`.
    #[cfg(feature = "test-util")]
    pub fn statements(&self) -> Vec<(&'static str, String)> {
        let statements = &self.shared.statements;
        let (id, int) = (Argument::bytes(&[0xab; 32]), Argument::int(1));
        let of = |text: &Arc<str>, arguments: &str| {
            let arguments: Vec<_> = arguments
                .chars()
                .map(|kind| if kind == 'b' { id.clone() } else { int.clone() })
                .collect();
            written(text, &arguments).0
        };
        vec![
            ("claim", of(&statements.claim, "bbbiibi")),
            ("renew", of(&statements.renew, "bbii")),
            ("publish", of(&statements.publish, "bbibb")),
            ("complete", of(&statements.complete, "bbiiibbi")),
            ("release", of(&statements.release, "bbi")),
            ("load", of(&statements.load, "bi")),
            ("forget", of(&statements.forget, "bb")),
            ("resolve", of(&statements.resolve, "bbbiiibbi")),
            ("sweep", of(&statements.sweep, "ii")),
        ]
    }

    /// Does a step of an attempt that changes a row if the attempt holds it.
    fn fenced(
        &self,
        attempt: AttemptId,
        statement: fn(&Statements) -> &Arc<str>,
        arguments: Vec<Argument>,
    ) -> StoreFuture<'_, Fence> {
        let shared = Arc::clone(&self.shared);
        Box::pin(self.unsettled.settle(attempt, async move {
            let changed = shared
                .execute(statement(&shared.statements), arguments)
                .await?;
            Ok(if changed == 0 {
                Fence::Lost
            } else {
                Fence::Held
            })
        }))
    }
}

impl Shared {
    /// Another time than the server's.
    fn now(&self) -> Option<i64> {
        let clock = self.options.clock.as_ref()?;
        Some(clock.now().as_millis())
    }

    fn time(&self) -> Argument {
        Argument::Int(self.now())
    }

    async fn claim(&self, claim: Claim) -> Result<Claimed, StoreError> {
        for _ in 0..LOOKS {
            let (takeover, from) = match claim.takeover {
                Takeover::Never => (0, None),
                Takeover::Abandoned => (1, None),
                Takeover::From(seen) => (2, Some(seen)),
            };
            let arguments = vec![
                Argument::bytes(claim.record.as_bytes()),
                Argument::bytes(claim.fingerprint.as_bytes()),
                Argument::bytes(claim.attempt.as_bytes()),
                Argument::int(millis(claim.lease)),
                Argument::int(takeover),
                from.map_or(Argument::Bytes(None), |from| {
                    Argument::bytes(from.as_bytes())
                }),
                self.time(),
            ];
            let Some(row) = self.fetch(&self.statements.claim, arguments).await? else {
                continue;
            };
            let (now, row) = rows::read(&row)?;
            if let Some(claimed) = claimed(Some(&row), &claim, now) {
                return Ok(claimed);
            }
        }
        Err(StoreError::unavailable(KeptChanging))
    }

    async fn load(&self, record: RecordId) -> Result<Option<Record>, StoreError> {
        let arguments = vec![Argument::bytes(record.as_bytes()), self.time()];
        let row = self.fetch(&self.statements.load, arguments).await?;
        let row = row.as_ref().map(rows::read).transpose()?;
        Ok(row.and_then(|(now, row)| transition::load(Some(&row), now)))
    }

    async fn sweep(&self, limit: usize) -> Result<usize, StoreError> {
        if self.options.layout == Layout::PartitionedByDay {
            let days = Days::new(&self.names);
            days.turn(&self.pool, self.now())
                .await
                .map_err(to_store_error)?;
            return Ok(0);
        }
        let mut swept = 0;
        while swept < limit {
            let at_once = SWEEP_AT_ONCE.min(limit - swept);
            let arguments = vec![
                Argument::int(i64::try_from(at_once).unwrap_or(i64::MAX)),
                self.time(),
            ];
            let removed = self.execute(&self.statements.sweep, arguments).await?;
            let removed = usize::try_from(removed).unwrap_or(usize::MAX);
            swept += removed;
            if removed < at_once {
                break;
            }
        }
        Ok(swept)
    }

    async fn fetch(
        &self,
        text: &Arc<str>,
        arguments: Vec<Argument>,
    ) -> Result<Option<PgRow>, StoreError> {
        let fetched = match self.options.protocol {
            Protocol::Prepared => prepared(text, &arguments).fetch_optional(&self.pool).await,
            Protocol::Simple => {
                let text = written(text, &arguments);
                sqlx::raw_sql(text).fetch_optional(&self.pool).await
            }
        };
        fetched.map_err(to_store_error)
    }

    /// How many rows were changed.
    async fn execute(&self, text: &Arc<str>, arguments: Vec<Argument>) -> Result<u64, StoreError> {
        let done = match self.options.protocol {
            Protocol::Prepared => prepared(text, &arguments).execute(&self.pool).await,
            Protocol::Simple => {
                let text = written(text, &arguments);
                sqlx::raw_sql(text).execute(&self.pool).await
            }
        };
        done.map(|done| done.rows_affected())
            .map_err(to_store_error)
    }

    async fn survives(&self) -> Result<Survives, StoreError> {
        let row = sqlx::raw_sql(survives::SETTINGS)
            .fetch_one(&self.pool)
            .await
            .map_err(to_store_error)?;
        survives::read(&row).map_err(to_store_error)
    }
}

/// The parameters of an outcome: status, headers and body.
fn outcome(outcome: Option<&Outcome>) -> [Argument; 3] {
    [
        Argument::Int(outcome.map(|it| i64::from(it.status()))),
        Argument::Bytes(outcome.map(|it| it.headers().as_bytes().clone())),
        Argument::Bytes(outcome.map(|it| it.body().clone())),
    ]
}

/// The parameters of what a done row holds: state, window, outcome.
fn done(completion: &Completion) -> [Argument; 5] {
    let window = match completion.ttl {
        Ttl::After(ttl) => Some(millis(ttl)),
        Ttl::Forever => None,
    };
    let [status, headers, body] = outcome(completion.outcome.as_ref());
    [
        Argument::int(state_of(completion.disposition)),
        Argument::Int(window),
        status,
        headers,
        body,
    ]
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The pool's options hold a password.
        f.debug_struct("PostgresStore")
            .field("table", &self.shared.names.table())
            .field("layout", &self.shared.options.layout)
            .finish_non_exhaustive()
    }
}

impl Store for PostgresStore {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        let shared = Arc::clone(&self.shared);
        let attempt = claim.attempt;
        Box::pin(
            self.unsettled
                .settle(attempt, async move { shared.claim(claim).await }),
        )
    }

    fn renew(
        &self,
        record: RecordId,
        attempt: AttemptId,
        lease: Duration,
    ) -> StoreFuture<'_, Fence> {
        let arguments = vec![
            Argument::bytes(record.as_bytes()),
            Argument::bytes(attempt.as_bytes()),
            Argument::int(millis(lease)),
            self.shared.time(),
        ];
        self.fenced(attempt, |statements| &statements.renew, arguments)
    }

    fn publish(
        &self,
        record: RecordId,
        attempt: AttemptId,
        published: Outcome,
    ) -> StoreFuture<'_, Fence> {
        let mut arguments = vec![
            Argument::bytes(record.as_bytes()),
            Argument::bytes(attempt.as_bytes()),
        ];
        arguments.extend(outcome(Some(&published)));
        self.fenced(attempt, |statements| &statements.publish, arguments)
    }

    fn complete(
        &self,
        record: RecordId,
        attempt: AttemptId,
        completion: Completion,
    ) -> StoreFuture<'_, Fence> {
        let mut arguments = vec![
            Argument::bytes(record.as_bytes()),
            Argument::bytes(attempt.as_bytes()),
        ];
        arguments.extend(done(&completion));
        arguments.push(self.shared.time());
        self.fenced(attempt, |statements| &statements.complete, arguments)
    }

    fn release(&self, record: RecordId, attempt: AttemptId) -> StoreFuture<'_, Fence> {
        let arguments = vec![
            Argument::bytes(record.as_bytes()),
            Argument::bytes(attempt.as_bytes()),
            self.shared.time(),
        ];
        self.fenced(attempt, |statements| &statements.release, arguments)
    }

    fn load(&self, record: RecordId) -> StoreFuture<'_, Option<Record>> {
        Box::pin(self.shared.load(record))
    }

    fn forget(&self, record: RecordId, seen: AttemptId) -> StoreFuture<'_, Fence> {
        let arguments = vec![
            Argument::bytes(record.as_bytes()),
            Argument::bytes(seen.as_bytes()),
        ];
        self.fenced(seen, |statements| &statements.forget, arguments)
    }

    fn resolve(
        &self,
        record: RecordId,
        seen: AttemptId,
        attempt: AttemptId,
        resolution: Resolution,
    ) -> StoreFuture<'_, Fence> {
        let mut arguments = vec![
            Argument::bytes(record.as_bytes()),
            Argument::bytes(seen.as_bytes()),
            Argument::bytes(attempt.as_bytes()),
        ];
        match &resolution {
            Resolution::Complete(completion) => arguments.extend(done(completion)),
            Resolution::Release => {
                arguments.extend([Argument::int(state::RELEASED), Argument::Int(None)]);
                arguments.extend(outcome(None));
            }
        }
        arguments.push(self.shared.time());
        self.fenced(attempt, |statements| &statements.resolve, arguments)
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, usize> {
        Box::pin(self.shared.sweep(limit))
    }

    fn survives(&self) -> StoreFuture<'_, Survives> {
        Box::pin(self.shared.survives())
    }
}
