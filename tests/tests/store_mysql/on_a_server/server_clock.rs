//! Leases and windows by the server's own clock.

use idempotent_runtime::store::{State, Store};

use super::*;

#[tokio::test]
async fn a_lease_ends_by_the_clock_of_the_server() {
    let table = Table::new();
    let store = table.open().await;
    let mut first = claim(1);
    first.lease = Duration::from_secs(2);
    win(&store, &first).await;
    assert!(matches!(
        find(&store, &retry(&first)).await.state,
        State::Running {
            abandoned: false,
            ..
        }
    ));
    // The server's answers are the only clock here.
    let second = retry(&first);
    while let Claimed::Found(record) = store.claim(second.clone()).await.unwrap() {
        assert_eq!(record.attempt, first.attempt);
    }
    let renewed = store.renew(first.record, first.attempt, first.lease);
    assert_eq!(renewed.await.unwrap(), Fence::Lost);
}

#[tokio::test]
async fn a_window_ends_by_the_clock_of_the_server() {
    let table = Table::new();
    let store = table.open().await;
    let claim = claim(1);
    win(&store, &claim).await;
    let ttl = Ttl::After(Duration::from_secs(2));
    let brief = Completion::new(Disposition::Completed, Some(outcome("done")), ttl);
    complete(&store, &claim, brief).await;
    assert!(store.load(claim.record).await.unwrap().is_some());
    assert_eq!(store.sweep(10).await.unwrap(), 0);
    while store.load(claim.record).await.unwrap().is_some() {}
    assert_eq!(store.sweep(10).await.unwrap(), 1);
}

#[tokio::test]
async fn the_time_is_that_of_the_epoch() {
    let table = Table::new();
    let store = table.open().await;
    let claim = claim(1);
    win(&store, &claim).await;
    // The server's second, which its own function counts.
    let rows = table
        .sql("SELECT CAST(lease_until DIV 1000 - UNIX_TIMESTAMP() AS SIGNED) FROM {table}")
        .await;
    let left: i64 = sqlx::Row::get(&rows[0], 0);
    assert!((290..=300).contains(&left), "{left}");
}
