//! Who migrates, and when.

use futures_util::future::join_all;
use idempotent_runtime::PostgresStore;
use idempotent_runtime::identity::AttemptId;
use idempotent_runtime::store::postgres::Layout;
use idempotent_runtime::store::{Claimed, PostgresStoreOptions, Store};

use crate::support::{Postgres, claim, told};

#[tokio::test]
async fn eight_processes_migrate_at_once() {
    for harness in [Postgres::plain(), Postgres::by_days()] {
        let mut stores = Vec::new();
        for _ in 0..8 {
            stores.push(harness.options().connect(&harness.url).await.unwrap());
        }
        let migrations = stores.iter().map(PostgresStore::migrate);
        for migrated in join_all(migrations).await {
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
            for statement in migration.statements() {
                harness.run(statement).await;
            }
            // What can't run in a transaction may be repeated.
            if !migration.runs_in_transaction() {
                for statement in migration.statements() {
                    harness.run(statement).await;
                }
            }
        }
        let store = options.connect(&harness.url).await.unwrap();
        // What was run is not run again; the days to come are made.
        store.migrate().await.unwrap();
        let won = store.claim(claim()).await.unwrap();
        assert!(matches!(won, Claimed::Won(_)));
        harness.run(&format!("DROP SCHEMA {schema} CASCADE")).await;
    }
}
