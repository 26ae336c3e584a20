//! How a database comes to have the tables.

use idempotent_runtime::store::Store;
use sqlx::Row as _;

use super::*;
use crate::chain;

async fn versions(table: &Table) -> Vec<i64> {
    let rows = table.sql("SELECT version FROM {table}_migrations").await;
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_processes_may_migrate_at_once() {
    let table = Table::new();
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let store = table.connect().await.unwrap();
        tasks.push(tokio::spawn(async move { store.migrate().await }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(versions(&table).await, [1, 2]);
    win(&table.open().await, &claim(1)).await;
}

#[tokio::test]
async fn an_interrupted_migration_goes_on() {
    let table = Table::new();
    table.open().await;
    table.sql("DELETE FROM {table}_migrations").await;
    win(&table.open().await, &claim(1)).await;
    table.sql("DROP TABLE {table}_migrations").await;
    table.open().await;
    assert_eq!(versions(&table).await, [1, 2]);
    assert!(table.open().await.load(record(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let table = Table::new();
    let store = table.open().await;
    table
        .sql("INSERT INTO {table}_migrations (version) VALUES (99)")
        .await;
    let error = store.migrate().await.unwrap_err();
    assert!(error.is_newer_schema());
    assert_eq!(
        chain(&error),
        [
            "the idempotency store's tables could not be brought up to date",
            "the tables have schema version 99, and this release knows no version after 2"
        ]
    );
}

#[tokio::test]
async fn exported_migrations_do_the_same_and_may_be_run_again() {
    let table = Table::new();
    let migrations = table.options().migrations().unwrap();
    for _ in 0..2 {
        for migration in &migrations {
            table.sql(migration.sql()).await;
        }
    }
    assert_eq!(versions(&table).await, [1, 2]);
    let mut exported = table.sql("SHOW CREATE TABLE {table}").await;
    win(&table.open().await, &claim(1)).await;

    let own = Table::new();
    own.open().await;
    let own_table = own.sql("SHOW CREATE TABLE {table}").await.remove(0);
    let exported: String = exported.remove(0).get(1);
    let migrated: String = own_table.get(1);
    assert_eq!(exported.replace(&table.name, &own.name), migrated);
}

#[tokio::test]
async fn a_missing_table_says_what_to_call() {
    let table = Table::new();
    let store = table.connect().await.unwrap();
    let errors = [
        store.claim(claim(1)).await.unwrap_err(),
        store.load(record(1)).await.unwrap_err(),
        store.sweep(1).await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.is_not_sent());
        assert_eq!(
            chain(&error)[1],
            "the tables are missing: call `MySqlStore::migrate`"
        );
    }
}

#[tokio::test]
async fn a_table_may_be_in_another_database() {
    let table = Table::new();
    let schema = format!("s_{}", uuid::Uuid::new_v4().simple());
    table.sql(&format!("CREATE DATABASE {schema}")).await;
    let store = table
        .options()
        .schema(&schema)
        .connect(&mysql_url())
        .await
        .unwrap();
    store.migrate().await.unwrap();
    // Once more: the columns are there already.
    let version = format!("DELETE FROM {schema}.{{table}}_migrations WHERE version = 2");
    table.sql(&version).await;
    store.migrate().await.unwrap();
    let claim = claim(1);
    win(&store, &claim).await;
    release(&store, &claim).await;
    let swept = store.sweep(10).await;
    table.sql(&format!("DROP DATABASE {schema}")).await;
    assert_eq!(swept.unwrap(), 0);
}
