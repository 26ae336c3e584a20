//! Rows that the store cannot have written.

use idempotent_runtime::store::Store;

use super::*;
use crate::chain;

async fn assert_corrupt(store: &MySqlStore, number: u64, told: &str) {
    let errors = [
        store.load(record(number)).await.unwrap_err(),
        store.claim(claim(number)).await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.is_corrupt());
        let chain = chain(&error).join(": ");
        assert!(chain.contains(told), "{chain}");
    }
}

#[tokio::test]
async fn a_corrupt_row_fails_steps_on_its_own_record_alone() {
    let table = Table::new();
    let store = table.open().await;
    for number in 1..=5 {
        let claim = claim(number);
        win(&store, &claim).await;
        complete(&store, &claim, completion("done")).await;
    }
    let which = |number| format!("WHERE record = x'{:016x}{:048}'", number, 0);
    for (number, change) in [
        (1, "state = 9"),
        (2, "state = 0"),
        (3, "headers = 'garbage'"),
        (4, "status = NULL"),
    ] {
        let sql = format!("UPDATE {{table}} SET {change} {}", which(number));
        table.sql(&sql).await;
    }
    assert_corrupt(&store, 1, "column state").await;
    assert_corrupt(&store, 2, "column state").await;
    assert_corrupt(&store, 3, "column headers").await;
    assert_corrupt(&store, 4, "column status").await;
    assert_eq!(
        find(&store, &claim(5)).await,
        store.load(record(5)).await.unwrap().unwrap()
    );
}

#[tokio::test]
async fn a_column_of_another_type_is_told_and_nothing_panics() {
    let table = Table::new();
    let store = table.open().await;
    win(&store, &claim(1)).await;
    table
        .sql(
            "ALTER TABLE {table} DROP COLUMN attempt, ADD COLUMN attempt DOUBLE DEFAULT 1.5, \
             MODIFY state VARCHAR(9)",
        )
        .await;
    let error = store.load(record(1)).await.unwrap_err();
    assert!(error.is_corrupt(), "{:?}", chain(&error));
}
