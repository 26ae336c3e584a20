//! Sweeps that end while a day is on its way out: the next one goes on, and nothing that counts is lost.

use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::conformance::Harness as _;
use idempotent_runtime::store::{Claim, Store};
use sqlx::AssertSqlSafe;

use crate::support::{Postgres, claim, complete, win};

/// A day that is over, with an outcome that expired, one that is kept for ever, and a record that nobody settles.
struct Over {
    harness: Postgres,
    store: Arc<dyn Store>,
    day: String,
    kept: [Claim; 2],
}

impl Over {
    async fn day() -> Self {
        let harness = Postgres::by_days();
        let store = harness.open().await;
        let expired = win(&*store).await;
        complete(&*store, &expired, Ttl::After(Duration::from_hours(1))).await;
        let kept = [win(&*store).await, win(&*store).await];
        complete(&*store, &kept[0], Ttl::Forever).await;
        let day = harness.first_day().await;
        harness.advance(Duration::from_hours(72));
        Self {
            harness,
            store,
            day,
            kept,
        }
    }

    /// What a sweep has done so far.
    async fn has_done(&self, text: &str) {
        let text = text
            .replace("{table}", &self.harness.table)
            .replace("{day}", &self.day);
        self.harness.run(&text).await;
    }

    async fn has_moved(&self) {
        self.has_done("UPDATE {table} SET day = -1 WHERE expires_at IS NULL")
            .await;
    }

    async fn is_marked(&self) {
        self.has_done(
            "COMMENT ON TABLE {day} IS 'A day of {table} that is over; idempotent drops it.'",
        )
        .await;
    }

    async fn the_next_sweep_goes_on(self) {
        self.store.sweep(1).await.unwrap();
        let there = format!("SELECT to_regclass('{}')::text", self.day);
        assert_eq!(
            self.harness.run(&there).await.trim(),
            "",
            "the day is still there"
        );
        for claim in &self.kept {
            let record = self.store.load(claim.record).await.unwrap();
            assert!(record.is_some(), "a record that counts is lost");
        }
        assert_eq!(self.harness.count().await, 2);
        self.store.claim(claim()).await.unwrap();
    }
}

#[tokio::test]
async fn after_it_moved_what_has_no_end() {
    let over = Over::day().await;
    over.has_moved().await;
    over.the_next_sweep_goes_on().await;
}

#[tokio::test]
async fn after_it_marked_the_day() {
    let over = Over::day().await;
    over.has_moved().await;
    over.is_marked().await;
    over.the_next_sweep_goes_on().await;
}

#[tokio::test]
async fn while_it_detached_the_day() {
    let over = Over::day().await;
    over.has_moved().await;
    over.is_marked().await;
    // Somebody reads the day, so that detaching waits, and is cancelled.
    let mut reader = over.harness.connection().await;
    sqlx::raw_sql(AssertSqlSafe(format!(
        "BEGIN; SELECT 1 FROM {}",
        over.harness.table
    )))
    .execute(&mut reader)
    .await
    .unwrap();
    let mut detaching = over.harness.connection().await;
    sqlx::raw_sql("SET statement_timeout = '200ms'")
        .execute(&mut detaching)
        .await
        .unwrap();
    let detach = format!(
        "ALTER TABLE {} DETACH PARTITION {} CONCURRENTLY",
        over.harness.table, over.day
    );
    let cancelled = sqlx::raw_sql(AssertSqlSafe(detach))
        .execute(&mut detaching)
        .await;
    assert!(cancelled.is_err());
    sqlx::raw_sql("COMMIT").execute(&mut reader).await.unwrap();
    let pending = "SELECT inhdetachpending::text FROM pg_inherits WHERE inhrelid = '{}'::regclass";
    let pending = over.harness.run(&pending.replace("{}", &over.day)).await;
    assert_eq!(pending.trim(), "true");
    over.the_next_sweep_goes_on().await;
}

#[tokio::test]
async fn after_it_detached_the_day() {
    let over = Over::day().await;
    over.has_moved().await;
    over.is_marked().await;
    over.has_done("ALTER TABLE {table} DETACH PARTITION {day}")
        .await;
    over.the_next_sweep_goes_on().await;
}

/// As an earlier release left it, which detached days that still had something in them.
#[tokio::test]
async fn after_it_detached_a_day_with_records_that_count() {
    let over = Over::day().await;
    over.is_marked().await;
    over.has_done("ALTER TABLE {table} DETACH PARTITION {day}")
        .await;
    over.the_next_sweep_goes_on().await;
}
