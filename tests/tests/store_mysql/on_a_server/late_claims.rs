//! Claims that the server gets late, and steps whose callers leave while they are on their way.

use futures_util::FutureExt as _;
use idempotent_runtime::store::Store;

use super::*;

#[tokio::test]
async fn a_late_claim_is_refused() {
    let table = Table::new();
    let store = table.open().await;
    let late = claim(1);
    assert_eq!(store.withdraw(late.clone()).await.unwrap(), Fence::Held);
    assert_eq!(store.claim(late.clone()).await.unwrap(), Claimed::Withdrawn);
    assert_eq!(store.withdraw(late.clone()).await.unwrap(), Fence::Held);
    let next = retry(&late);
    win(&store, &next).await;
    release(&store, &next).await;
    assert_eq!(store.claim(next).await.unwrap(), Claimed::Withdrawn);
}

/// Whichever of the two the server does first, nobody holds the record afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_whose_caller_left_holds_nothing_once_it_is_withdrawn() {
    let table = Table::new();
    let store = table.open().await;
    for number in 0..64 {
        let leaving = claim(number);
        let mut sent = store.claim(leaving.clone());
        // Sent at the first poll, if a connection is free, and hardly ever answered by the end of it.
        let _ = (&mut sent).now_or_never();
        drop(sent);
        assert_eq!(store.withdraw(leaving.clone()).await.unwrap(), Fence::Held);
        assert_eq!(store.load(leaving.record).await.unwrap(), None);
        assert_eq!(store.claim(leaving).await.unwrap(), Claimed::Withdrawn);
    }
}

#[tokio::test]
async fn questions_whose_callers_left_harm_nobody() {
    let table = Table::new();
    table.open().await;
    // All have one connection.
    let options = table.options().max_connections(1);
    let store = options.connect(&mysql_url()).await.unwrap();
    let done = claim(1);
    win(&store, &done).await;
    complete(&store, &done, completion("done")).await;
    for number in 2..32 {
        let _ = store.load(done.record).now_or_never();
        let _ = store.sweep(10).now_or_never();
        let _ = store.survives().now_or_never();
        win(&store, &claim(number)).await;
        assert_eq!(find(&store, &retry(&done)).await.attempt, done.attempt);
    }
}
