//! Steps whose callers leave while they are on their way.

use futures_util::FutureExt as _;
use idempotent_runtime::store::Store;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_was_begun_is_done_before_the_next_one_of_its_attempt() {
    let table = Table::new();
    let store = table.open().await;
    for number in 0..64 {
        let claim = claim(number);
        let mut leaving = store.claim(claim.clone());
        // Sent at the first poll, and hardly ever answered by the end of it.
        let _ = (&mut leaving).now_or_never();
        drop(leaving);
        // If the claim came after this, nobody would hold the record here.
        complete(&store, &claim, completion("done")).await;
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
