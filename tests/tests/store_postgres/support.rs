//! A table of its own for each test, and what the tests do with it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::PostgresStore;
use idempotent_runtime::clock::{Clock as _, ManualClock};
use idempotent_runtime::fingerprint::Fingerprint;
use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::outcome::Disposition;
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::conformance::{Expiry, Harness};
use idempotent_runtime::store::postgres::{Layout, Protocol};
use idempotent_runtime::store::{
    Claim, Claimed, Completion, Fence, PostgresStoreOptions, Store, Takeover,
};
use idempotent_test_servers::{pgbouncer_url, postgres_url};
use idempotent_tests::OwnRecords;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

/// A table of its own, on the server that all tests share.
pub(crate) struct Postgres {
    pub(crate) url: String,
    pub(crate) table: String,
    _records: OwnRecords,
    pub(crate) clock: ManualClock,
    pub(crate) layout: Layout,
    protocol: Protocol,
}

impl Postgres {
    pub(crate) fn new(url: String, layout: Layout, protocol: Protocol) -> Self {
        let clock = ManualClock::new();
        // A day that is not the first of all.
        clock.advance(Duration::from_hours(24 * 365 * 50));
        let records = OwnRecords::at(&url);
        Self {
            url,
            table: records.name().to_owned(),
            _records: records,
            clock,
            layout,
            protocol,
        }
    }

    /// By texts, to a server whose sessions have settings that change what literals mean and how bytes are shown.
    pub(crate) fn under_odd_settings() -> Self {
        let settings =
            "options=-c%20standard_conforming_strings%3Doff%20-c%20bytea_output%3Descape";
        let mut url = postgres_url();
        url.push_str(if url.contains('?') { "&" } else { "?" });
        Self::new(url + settings, Layout::Plain, Protocol::Simple)
    }

    pub(crate) fn plain() -> Self {
        Self::new(postgres_url(), Layout::Plain, Protocol::Prepared)
    }

    pub(crate) fn by_days() -> Self {
        Self::new(postgres_url(), Layout::PartitionedByDay, Protocol::Prepared)
    }

    pub(crate) fn behind_pgbouncer() -> Self {
        Self::new(pgbouncer_url(), Layout::Plain, Protocol::Simple)
    }

    pub(crate) fn options(&self) -> PostgresStoreOptions {
        PostgresStoreOptions::new()
            .table(&self.table)
            .layout(self.layout)
            .protocol(self.protocol)
            .max_connections(4)
    }

    /// A store that asks the server what time it is.
    pub(crate) async fn store(&self) -> PostgresStore {
        let store = self.options().connect(&self.url).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// A connection for what is done by hand.
    pub(crate) async fn connection(&self) -> PgConnection {
        let options: PgConnectOptions = self.url.parse().unwrap();
        // What PgBouncer does not know, it refuses.
        let options = options.extra_float_digits(None);
        PgConnection::connect_with(&options).await.unwrap()
    }

    /// Runs statements by hand and gives back what they say.
    pub(crate) async fn run(&self, statements: &str) -> String {
        let mut connection = self.connection().await;
        let rows = sqlx::raw_sql(AssertSqlSafe(statements))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        rows.iter()
            .map(|row| row.try_get::<String, _>(0).unwrap_or_default() + "\n")
            .collect()
    }

    /// How many rows there are.
    pub(crate) async fn count(&self) -> usize {
        let count = format!("SELECT count(*)::text FROM {}", self.table);
        self.run(&count).await.trim().parse().unwrap()
    }

    /// What the clock of the tests says.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now().as_millis()
    }

    /// How many statements wait for somebody else's lock on a row of this table, or on it.
    pub(crate) async fn waiting(&self) -> usize {
        let waiting = format!(
            "SELECT count(*)::text FROM pg_stat_activity \
             WHERE wait_event_type = 'Lock' AND query LIKE '%{}%'",
            self.table
        );
        self.run(&waiting).await.trim().parse().unwrap()
    }

    /// The table of the first day.
    pub(crate) async fn first_day(&self) -> String {
        let first = format!(
            "SELECT min(inhrelid::regclass::text) FROM pg_inherits \
             WHERE inhparent = '{0}'::regclass AND inhrelid::regclass::text <> '{0}_kept'",
            self.table
        );
        self.run(&first).await.trim().to_owned()
    }

    /// How many days have a partition.
    pub(crate) async fn days(&self) -> usize {
        let days = format!(
            "SELECT count(*)::text FROM pg_inherits WHERE inhparent = '{}'::regclass",
            self.table
        );
        self.run(&days).await.trim().parse().unwrap()
    }
}

impl Harness for Postgres {
    async fn open(&self) -> Arc<dyn Store> {
        let options: PgConnectOptions = self.url.parse().unwrap();
        // A thousand tasks at once wait for their turn, on a machine that does much else.
        let pool = PgPoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_mins(1))
            .test_before_acquire(false)
            // What PgBouncer does not know, it refuses.
            .connect_with(options.extra_float_digits(None))
            .await
            .unwrap();
        let options = self.options().clock(Arc::new(self.clock.clone()));
        let store = options.with_pool(pool).unwrap();
        store.migrate().await.unwrap();
        Arc::new(store)
    }

    fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    fn expiry(&self) -> Expiry {
        match self.layout {
            Layout::PartitionedByDay => Expiry::Own,
            _ => Expiry::Sweep,
        }
    }
}

pub(crate) fn claim() -> Claim {
    let mut record = [0; 32];
    record[..16].copy_from_slice(AttemptId::random().as_bytes());
    let (record, fingerprint) = (
        RecordId::from_bytes(record),
        Fingerprint::from_bytes([7; 32]),
    );
    Claim::new(
        record,
        fingerprint,
        AttemptId::random(),
        Duration::from_secs(30),
    )
    .takeover(Takeover::Abandoned)
}

/// A claim that must win.
pub(crate) async fn win(store: &dyn Store) -> Claim {
    let claim = claim();
    let claimed = store.claim(claim.clone()).await.unwrap();
    assert!(matches!(claimed, Claimed::Won(_)), "{claimed:?}");
    claim
}

/// Completes it, to be kept so long.
pub(crate) async fn complete(store: &dyn Store, claim: &Claim, ttl: Ttl) {
    let completion = Completion::new(Disposition::Completed, None, ttl);
    let fence = store.complete(claim.record, claim.attempt, completion);
    assert_eq!(fence.await.unwrap(), Fence::Held);
}

/// An error and its causes, as a log prints them.
pub(crate) fn told(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| (*error).source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
