//! How statements find their rows.

use std::time::Duration;

use idempotent_runtime::store::Store;
use idempotent_runtime::store::postgres::Layout;

use crate::support::{Postgres, win};

#[tokio::test]
async fn every_statement_finds_its_row_by_its_record() {
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
            if is_by_function(step, harness.layout) || !is_of_one_record(step) {
                continue;
            }
            let plan = harness.run(&format!("EXPLAIN {statement}")).await;
            assert!(
                !plan.contains(&format!("Seq Scan on {table}")),
                "{step}:\n{plan}"
            );
            assert!(
                plan.contains("Index Cond: (record = ") || plan.contains("Arbiter"),
                "{step}:\n{plan}"
            );
            assert!(!plan.contains("_expir"), "{step}:\n{plan}");
        }
    }
}

/// The body of a function has no plan that `EXPLAIN` shows.
fn is_by_function(step: &str, layout: Layout) -> bool {
    layout == Layout::PartitionedByDay && matches!(step, "claim" | "withdraw")
}

fn is_of_one_record(step: &str) -> bool {
    !step.starts_with("list") && !step.starts_with("sweep")
}

#[tokio::test]
async fn no_page_of_a_listing_and_no_sweep_reads_the_whole_table() {
    let harness = Postgres::plain();
    let store = harness.store().await;
    let table = &harness.table;
    harness
        .run(&format!(
            "INSERT INTO {table} (record, fingerprint, attempt, state, expires_at, lease_until) \
             SELECT sha256(n::text::bytea), '\\x00', '\\x00', \
               CASE WHEN n % 1000 = 0 THEN 0 ELSE 2 END, \
               CASE WHEN n % 1000 = 0 THEN NULL ELSE n END, \
               CASE WHEN n % 1000 = 0 THEN n END \
             FROM generate_series(1, 50000) n; ANALYZE {table}"
        ))
        .await;
    for (step, statement) in store.statements() {
        let index = match step {
            "list" => "_pkey",
            "list_running" | "sweep_lapsed" => "_running",
            "list_expiring" | "sweep" => "_expiry",
            _ => continue,
        };
        let plan = harness.run(&format!("EXPLAIN {statement}")).await;
        assert!(!plan.contains("Seq Scan"), "{step}:\n{plan}");
        assert!(plan.contains(index), "{step}:\n{plan}");
    }
}

#[tokio::test]
async fn renewals_are_hot_updates() {
    let harness = Postgres::plain();
    let store = harness.store().await;
    let claim = win(&store).await;
    for _ in 0..20 {
        let renewed = store.renew(claim.record, claim.attempt, Duration::from_secs(30));
        let _ = renewed.await.unwrap();
    }
    // Each connection reports what it did once it has been idle for a while, or when it ends.
    drop(store);
    let updates = format!(
        "SELECT n_tup_upd::text || ' ' || n_tup_hot_upd::text FROM pg_stat_user_tables WHERE relname = '{}'",
        harness.table
    );
    loop {
        let counts = harness.run(&updates).await;
        let (all, hot) = counts.trim().split_once(' ').unwrap();
        if all == "20" {
            assert_eq!(hot, "20");
            break;
        }
        tokio::task::yield_now().await;
    }
}
