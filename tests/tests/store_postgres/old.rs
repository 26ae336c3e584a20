//! What is PostgreSQL's own: its clock, its migrations, its settings.

#![allow(clippy::unwrap_used)]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::fingerprint::Fingerprint;
use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::outcome::Disposition;
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::conformance::{Expiry, Harness};
use idempotent_runtime::store::postgres::{Layout, Protocol};
use idempotent_runtime::store::{
    Claim, Claimed, Completion, Durability, Fence, PostgresStoreOptions, State, Store, Takeover,
};
use idempotent_runtime::store_conformance;
use idempotent_runtime::{Idempotency, PostgresStore};
use idempotent_test_servers::{pgbouncer_url, postgres_url};
use idempotent_tests::OwnRecords;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

/// A table of its own, on the server that all tests share.
struct Postgres {
    url: String,
    table: String,
    _records: OwnRecords,
    clock: ManualClock,
    layout: Layout,
    protocol: Protocol,
}

impl Postgres {
    fn new(url: String, layout: Layout, protocol: Protocol) -> Self {
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

    fn plain() -> Self {
        Self::new(postgres_url(), Layout::Plain, Protocol::Prepared)
    }

    fn by_days() -> Self {
        Self::new(postgres_url(), Layout::PartitionedByDay, Protocol::Prepared)
    }

    fn behind_pgbouncer() -> Self {
        Self::new(pgbouncer_url(), Layout::Plain, Protocol::Simple)
    }

    fn options(&self) -> PostgresStoreOptions {
        PostgresStoreOptions::new()
            .table(&self.table)
            .layout(self.layout)
            .protocol(self.protocol)
            .max_connections(4)
    }

    /// A store that asks the server what time it is.
    async fn store(&self) -> PostgresStore {
        let store = self.options().connect(&self.url).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// Runs statements by hand and gives back what they say.
    async fn run(&self, statements: &str) -> String {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let rows = sqlx::raw_sql(AssertSqlSafe(statements))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        rows.iter()
            .map(|row| row.try_get::<String, _>(0).unwrap_or_default() + "\n")
            .collect()
    }

    /// How many rows there are.
    async fn count(&self) -> usize {
        let count = format!("SELECT count(*)::text FROM {}", self.table);
        self.run(&count).await.trim().parse().unwrap()
    }

    /// How many days have a partition.
    async fn days(&self) -> usize {
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

fn claim() -> Claim {
    let mut record = [0; 32];
    record[..16].copy_from_slice(AttemptId::random().as_bytes());
    Claim {
        record: RecordId::from_bytes(record),
        fingerprint: Fingerprint::from_bytes([7; 32]),
        attempt: AttemptId::random(),
        lease: Duration::from_secs(30),
        takeover: Takeover::Abandoned,
    }
}

/// An error and its causes, as a log prints them.
fn told(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| (*error).source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

mod on_a_server {
    use super::*;

    store_conformance!(postgres, Postgres::plain());
    store_conformance!(postgres_by_days, Postgres::by_days());
    store_conformance!(postgres_behind_pgbouncer, Postgres::behind_pgbouncer());

    #[tokio::test]
    async fn the_servers_clock_ends_a_lease_and_a_window() {
        let harness = Postgres::plain();
        let store = harness.store().await;
        let claim = Claim {
            lease: Duration::from_millis(50),
            ..claim()
        };
        let won = store.claim(claim.clone()).await.unwrap();
        assert!(matches!(won, Claimed::Won { .. }));
        let abandoned = || async {
            let record = store.load(claim.record).await.unwrap().unwrap();
            matches!(record.state, State::Running { abandoned, .. } if abandoned)
        };
        while !abandoned().await {}

        let completion = Completion {
            disposition: Disposition::Completed,
            outcome: None,
            ttl: Ttl::After(Duration::from_millis(50)),
        };
        let fence = store.complete(claim.record, claim.attempt, completion);
        assert_eq!(fence.await.unwrap(), Fence::Held);
        while store.load(claim.record).await.unwrap().is_some() {}
        assert_eq!(store.sweep(10).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn eight_processes_migrate_at_once() {
        for harness in [Postgres::plain(), Postgres::by_days()] {
            let mut stores = Vec::new();
            for _ in 0..8 {
                stores.push(harness.options().connect(&harness.url).await.unwrap());
            }
            let migrations = stores.iter().map(PostgresStore::migrate);
            for migrated in futures_util::future::join_all(migrations).await {
                migrated.unwrap();
            }
            stores[0].claim(claim()).await.unwrap();
            stores[7].migrate().await.unwrap();
        }
    }

    // The transaction that was refused is rolled back beside the test, before its tables go.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn the_tables_of_a_later_release_are_left_alone() {
        let harness = Postgres::plain();
        let store = harness.store().await;
        let later = format!("INSERT INTO {}_migrations VALUES (99)", harness.table);
        harness.run(&later).await;
        let error = store.migrate().await.unwrap_err();
        assert!(error.is_newer_schema(), "{}", told(&error));
    }

    #[tokio::test]
    async fn a_team_runs_the_migrations_itself() {
        let harness = Postgres::plain();
        for layout in [Layout::Plain, Layout::PartitionedByDay] {
            let schema = format!("s_{}", AttemptId::random());
            let options = PostgresStoreOptions::new()
                .schema(&schema)
                .table("Mixed_Case")
                .layout(layout);
            for migration in options.migrations().unwrap() {
                harness.run(migration.sql()).await;
            }
            let store = options.connect(&harness.url).await.unwrap();
            // What was run is not run again; the days to come are made.
            store.migrate().await.unwrap();
            let won = store.claim(claim()).await.unwrap();
            assert!(matches!(won, Claimed::Won { .. }));
            harness.run(&format!("DROP SCHEMA {schema} CASCADE")).await;
        }
    }

    #[tokio::test]
    async fn what_is_missing_is_named_with_its_remedy() {
        for harness in [Postgres::plain(), Postgres::by_days()] {
            let store = harness.options().connect(&harness.url).await.unwrap();
            let error = store.claim(claim()).await.unwrap_err();
            assert!(error.is_unavailable());
            assert!(
                told(&error).contains("PostgresStore::migrate"),
                "{}",
                told(&error)
            );
        }
    }

    #[tokio::test]
    async fn a_row_that_nobody_wrote_is_corrupt() {
        let harness = Postgres::plain();
        let store = harness.store().await;
        for damage in [
            "state = 9",
            "attempt = '\\x00'",
            "status = 70000",
            "headers = '\\x00'",
        ] {
            let claim = claim();
            let won = store.claim(claim.clone()).await.unwrap();
            assert!(matches!(won, Claimed::Won { .. }));
            harness
                .run(&format!("UPDATE {} SET {damage}", harness.table))
                .await;
            let error = store.load(claim.record).await.unwrap_err();
            assert!(error.is_corrupt(), "{damage}: {}", told(&error));
            harness.run(&format!("DELETE FROM {}", harness.table)).await;
        }
    }

    #[tokio::test]
    async fn every_statement_finds_its_row_by_the_primary_key_alone() {
        for harness in [Postgres::plain(), Postgres::by_days()] {
            let store = harness.store().await;
            let table = &harness.table;
            let day = match harness.layout {
                Layout::PartitionedByDay => ("day, ", "(extract(epoch FROM now()) / 86400)::int, "),
                _ => ("", ""),
            };
            harness
                .run(&format!(
                    "INSERT INTO {table} (record, {}fingerprint, attempt, state, expires_at) \
                     SELECT sha256(n::text::bytea), {}'\\x00', '\\x00', 2, n \
                     FROM generate_series(1, 20000) n",
                    day.0, day.1
                ))
                .await;
            for (step, statement) in store.statements() {
                if step == "sweep" || (step == "claim" && !day.0.is_empty()) {
                    continue;
                }
                let plan = harness.run(&format!("EXPLAIN {statement}")).await;
                assert!(
                    !plan.contains(&format!("Seq Scan on {table}")),
                    "{step}:\n{plan}"
                );
                assert!(
                    plan.contains("pkey") || plan.contains("Arbiter"),
                    "{step}:\n{plan}"
                );
                assert!(!plan.contains("_expir"), "{step}:\n{plan}");
            }
        }
    }

    #[tokio::test]
    async fn a_password_is_told_to_nobody() {
        let harness = Postgres::plain();
        let mut url = reqwest::Url::parse(&harness.url).unwrap();
        url.set_username("nobody-of-that-name").unwrap();
        url.set_password(Some("s3cr3t-&-more")).unwrap();
        let refused = harness.options().connect(url.as_str()).await.unwrap_err();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(1)).unwrap();
        let unreachable = harness.options().connect(url.as_str()).await.unwrap_err();
        let no_url = "postgres://app:s3cr3t-&-more@[::1:99999999/x";
        let unparsable = harness.options().connect(no_url).await.unwrap_err();
        for error in [refused, unreachable, unparsable] {
            let printed = format!("{} {error:?}", told(&error));
            assert!(!printed.contains("s3cr3t"), "{printed}");
        }
        let printed = format!("{:?}", harness.store().await);
        assert!(printed.contains(&harness.table), "{printed}");
        assert!(!printed.contains("127.0.0.1"), "{printed}");
    }

    #[tokio::test]
    async fn the_settings_of_the_server_say_what_is_survived() {
        let harness = Postgres::plain();
        let weak: PgConnectOptions = harness.url.parse().unwrap();
        let weak = weak.options([("synchronous_commit", "off")]);
        let pool = PgPoolOptions::new().connect_with(weak).await.unwrap();
        let store = harness.options().with_pool(pool).unwrap();
        let survives = store.survives().await.unwrap();
        assert!(!survives.holds(Durability::Power));
        store.migrate().await.unwrap();
        let refused = Idempotency::builder(store)
            .require(Durability::Power)
            .build()
            .await;
        let told = refused.unwrap_err().to_string();
        assert!(
            told.contains("synchronous_commit") || told.contains("fsync"),
            "{told}"
        );
    }

    #[tokio::test]
    async fn a_retry_across_midnight_finds_the_day_before() {
        let harness = Postgres::by_days();
        let store = harness.open().await;
        harness.advance(Duration::from_mins(24 * 60 - 1));
        let first = claim();
        let won = store.claim(first.clone()).await.unwrap();
        assert!(matches!(won, Claimed::Won { .. }));
        harness.advance(Duration::from_mins(2));
        let retry = Claim {
            attempt: AttemptId::random(),
            takeover: Takeover::Never,
            ..first.clone()
        };
        let found = store.claim(retry.clone()).await.unwrap();
        assert!(matches!(found, Claimed::Found(_)));
        let over = Claim {
            takeover: Takeover::Abandoned,
            ..retry
        };
        let won = store.claim(over.clone()).await.unwrap();
        let expected = Claimed::Won {
            abandoned: Some(first.attempt),
            provisional: None,
        };
        assert_eq!(won, expected);
        assert_eq!(harness.count().await, 1);
    }

    #[tokio::test]
    async fn one_of_many_claims_around_midnight_wins() {
        let harness = Postgres::by_days();
        harness.open().await;
        let midnight = ManualClock::new();
        let before = ManualClock::new();
        midnight.advance(Duration::from_hours(24 * 365 * 50 + 24));
        before.advance(Duration::from_hours(24 * 365 * 50 + 23));
        before.advance(Duration::from_millis(59 * 60_000 + 59_999));
        let mut stores = Vec::new();
        for clock in [before, midnight] {
            let options = harness.options().clock(Arc::new(clock));
            stores.push(options.connect(&harness.url).await.unwrap());
        }
        for _ in 0..20 {
            let first = claim();
            let claims = (0..16).map(|number| {
                stores[number % 2].claim(Claim {
                    attempt: AttemptId::random(),
                    takeover: Takeover::Never,
                    ..first.clone()
                })
            });
            let claimed = futures_util::future::join_all(claims).await;
            let winners = claimed
                .into_iter()
                .filter(|claimed| matches!(claimed, Ok(Claimed::Won { .. })))
                .count();
            assert_eq!(winners, 1);
        }
    }

    #[tokio::test]
    async fn a_day_goes_once_all_of_its_records_have_expired() {
        let harness = Postgres::by_days();
        let store = harness.open().await;
        let (short, kept) = (claim(), claim());
        for (claim, ttl) in [(&short, 1), (&kept, 72)] {
            assert!(matches!(
                store.claim(claim.clone()).await.unwrap(),
                Claimed::Won { .. }
            ));
            let completion = Completion {
                disposition: Disposition::Completed,
                outcome: None,
                ttl: Ttl::After(Duration::from_hours(ttl)),
            };
            let fence = store.complete(claim.record, claim.attempt, completion);
            assert_eq!(fence.await.unwrap(), Fence::Held);
        }
        // Neither what is kept for ever nor what nobody settles keeps its day.
        let (forever, abandoned) = (claim(), claim());
        for claim in [&forever, &abandoned] {
            let won = store.claim(claim.clone()).await.unwrap();
            assert!(matches!(won, Claimed::Won { .. }));
        }
        let completion = Completion {
            disposition: Disposition::Completed,
            outcome: None,
            ttl: Ttl::Forever,
        };
        let fence = store.complete(forever.record, forever.attempt, completion);
        assert_eq!(fence.await.unwrap(), Fence::Held);
        let days = harness.days().await;
        harness.advance(Duration::from_hours(48));
        assert_eq!(store.sweep(1).await.unwrap(), 0);
        assert_eq!(
            harness.count().await,
            4,
            "a day with a record that counts stays"
        );
        assert!(store.load(kept.record).await.unwrap().is_some());
        harness.advance(Duration::from_hours(48));
        assert_eq!(store.sweep(1).await.unwrap(), 0);
        assert_eq!(harness.count().await, 2);
        for claim in [&forever, &abandoned] {
            assert!(store.load(claim.record).await.unwrap().is_some());
        }
        assert!(store.load(kept.record).await.unwrap().is_none());
        // As many days ahead as before, and of those that passed yesterday alone.
        assert_eq!(harness.days().await, days + 1);
        store.claim(claim()).await.unwrap();
    }
}
