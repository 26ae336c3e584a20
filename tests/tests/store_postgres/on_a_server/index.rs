//! Building an index of a table that is in use.

use std::time::Duration;

use idempotent_runtime::PostgresStore;
use idempotent_runtime::store::Store as _;
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::time::timeout;

use super::from_version_1::version_1;
use crate::support::{Postgres, claim, told};

/// The tables as migration 2 leaves them, and a store of this release on them.
async fn without_index() -> (Postgres, PostgresStore) {
    let harness = Postgres::plain();
    version_1(&harness, &[]).await;
    let migrations = harness.options().migrations().unwrap();
    harness.run(migrations[1].sql()).await;
    let store = harness.options().connect(&harness.url).await.unwrap();
    (harness, store)
}

/// A transaction that stays open once it did this.
async fn open_transaction(harness: &Postgres, text: &str) -> PgConnection {
    let mut connection = harness.connection().await;
    let text = text.replace("{table}", &harness.table);
    sqlx::raw_sql(AssertSqlSafe(format!("BEGIN; {text}")))
        .execute(&mut connection)
        .await
        .unwrap();
    connection
}

async fn ends(mut connection: PgConnection) {
    sqlx::raw_sql("COMMIT")
        .execute(&mut connection)
        .await
        .unwrap();
}

async fn index_is(harness: &Postgres, validity: &str) {
    let index = format!(
        "SELECT indisvalid::text FROM pg_index WHERE indexrelid = to_regclass('{}_running')",
        harness.table
    );
    assert_eq!(harness.run(&index).await.trim(), validity);
}

const WRITES: &str = "UPDATE {table} SET abandoned = abandoned";

#[tokio::test]
async fn others_write_while_the_index_is_built() {
    let (harness, store) = without_index().await;
    let writer = open_transaction(&harness, WRITES).await;
    let migrating = {
        let store = store.clone();
        tokio::spawn(async move { store.migrate().await })
    };
    while harness.waiting().await == 0 {
        assert!(!migrating.is_finished(), "the index waits for the writer");
    }
    // Behind a lock that the index waits for, this would wait until the writer ends.
    let claimed = timeout(Duration::from_secs(20), store.claim(claim())).await;
    claimed.expect("a claim waits for the index").unwrap();
    ends(writer).await;
    migrating.await.unwrap().unwrap();
    index_is(&harness, "true").await;
}

#[tokio::test]
async fn an_index_that_an_interrupted_build_left_is_built_anew() {
    let (harness, store) = without_index().await;
    let writer = open_transaction(&harness, WRITES).await;
    let mut builder = harness.connection().await;
    sqlx::raw_sql("SET statement_timeout = '200ms'")
        .execute(&mut builder)
        .await
        .unwrap();
    let migration = harness.options().migrations().unwrap().remove(2);
    let building = AssertSqlSafe(migration.statements()[1].clone());
    let cancelled = sqlx::raw_sql(building).execute(&mut builder).await;
    assert!(cancelled.is_err());
    ends(writer).await;
    index_is(&harness, "false").await;
    store.migrate().await.unwrap();
    index_is(&harness, "true").await;
}

#[tokio::test]
async fn a_migration_that_gets_no_lock_gives_up_and_says_what_to_do() {
    for harness in [Postgres::plain(), Postgres::by_days()] {
        version_1(&harness, &[]).await;
        let store = harness.options().connect(&harness.url).await.unwrap();
        let reader = open_transaction(&harness, "SELECT FROM {table}").await;
        let migrated = timeout(Duration::from_secs(25), store.migrate()).await;
        let error = migrated.expect("it waits for the reader").unwrap_err();
        assert!(
            told(&error).contains("call `migrate` again"),
            "{}",
            told(&error)
        );
        ends(reader).await;
        store.migrate().await.unwrap();
        store.claim(claim()).await.unwrap();
    }
}

/// Days that were there before have no such index, and those to come have it.
#[tokio::test]
async fn the_days_to_come_have_the_index() {
    let harness = Postgres::by_days();
    version_1(&harness, &[]).await;
    harness.store().await;
    let without = format!(
        "SELECT i.inhrelid::regclass::text FROM pg_inherits i WHERE i.inhparent = '{}'::regclass \
         AND NOT EXISTS (SELECT FROM pg_index x WHERE x.indrelid = i.inhrelid \
           AND pg_get_indexdef(x.indexrelid) LIKE '%state = 0%' AND x.indisvalid) ORDER BY 1",
        harness.table
    );
    let without = harness.run(&without).await;
    let days: Vec<_> = without.lines().collect();
    let of_version_1 = [20, 21, 22, 23].map(|day| format!("{}_2019_12_{day}", harness.table));
    assert_eq!(days, of_version_1);
}
