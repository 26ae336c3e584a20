//! Opening and closing the store, and its clock.

use super::*;

#[tokio::test]
async fn what_was_queued_is_settled_when_the_last_handle_goes() {
    let bench = Bench::new();
    let (store, writer) = bench.start().await;
    let mut step = store.claim(claim(1));
    queue(&mut step).await;
    drop(step);
    drop(store);
    writer.run().await;

    let store = bench.options().open().await.unwrap();
    assert!(store.load(claim(1).record).await.unwrap().is_some());
}

#[tokio::test]
async fn what_was_queued_is_settled_before_the_store_is_closed() {
    let bench = Bench::new();
    let (store, writer) = bench.start().await;
    let mut before = store.claim(claim(1));
    queue(&mut before).await;
    let mut closed = Box::pin(store.close());
    assert!(poll!(&mut closed).is_pending());
    let mut after = store.claim(claim(2));
    queue(&mut after).await;
    tokio::spawn(writer.run());
    closed.await;
    assert!(matches!(before.await.unwrap(), Claimed::Won { .. }));
    assert!(matches!(after.await.unwrap(), Claimed::Won { .. }));
    assert!(store.claim(claim(3)).await.unwrap_err().is_unavailable());
}

#[tokio::test]
async fn a_writer_that_is_dropped_leaves_no_caller_waiting() {
    let bench = Bench::new();
    let (store, writer) = bench.start().await;
    let mut queued = store.claim(claim(1));
    queue(&mut queued).await;
    drop(writer);
    assert!(queued.await.unwrap_err().is_unavailable());
    assert!(store.claim(claim(2)).await.unwrap_err().is_unavailable());
    store.close().await;
}

#[tokio::test]
async fn the_disk_is_waited_for_as_the_options_say() {
    let bench = Bench::new();
    for (synchronous, pragma) in [(Synchronous::Full, 2), (Synchronous::Normal, 1)] {
        let options = bench.options().synchronous(synchronous);
        let (_store, mut writer) = SqliteStore::start(options).await.unwrap();
        let reconnected = writer.connector.connect().await.unwrap();
        for mut connection in [writer.connection.take().unwrap(), reconnected] {
            let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
                .fetch_one(&mut connection)
                .await
                .unwrap();
            let waits: i64 = sqlx::query_scalar("PRAGMA synchronous")
                .fetch_one(&mut connection)
                .await
                .unwrap();
            assert_eq!((mode.as_str(), waits), ("wal", pragma));
        }
    }
}

#[test]
fn the_default_waits_for_the_disk() {
    assert_eq!(Synchronous::default(), Synchronous::Full);
}

#[tokio::test]
async fn a_step_of_the_wall_clock_ends_no_lease_and_keeps_none() {
    let bench = Bench::new();
    let store = bench.options().open().await.unwrap();
    let first = claim(1);
    assert!(matches!(
        store.claim(first.clone()).await.unwrap(),
        Claimed::Won(_)
    ));
    let retry = || store.claim(claim(1).attempt(AttemptId::random()));
    let hour = 3_600_000;
    for step in [hour, -2 * hour] {
        bench.clock.step_wall(step);
        assert!(
            matches!(retry().await.unwrap(), Claimed::Found(_)),
            "{step}"
        );
    }
    bench.clock.advance(LEASE);
    assert!(matches!(retry().await.unwrap(), Claimed::Won(_)));
}
