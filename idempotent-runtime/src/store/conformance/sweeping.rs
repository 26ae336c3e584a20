//! What a sweep removes.

use std::sync::Arc;

use super::*;

/// Sweeps, where this store needs it, and checks how many records that removed.
async fn sweep(harness: &impl Harness, store: &dyn Store, limit: usize, expected: usize) {
    let swept = store.sweep(limit).await.unwrap();
    assert_eq!(swept, swept_of(harness, expected));
}

fn swept_of(harness: &impl Harness, expected: usize) -> usize {
    match harness.expiry() {
        Expiry::Sweep => expected,
        Expiry::Own => 0,
    }
}

async fn complete_some(store: &dyn Store, count: usize) -> Vec<Claim> {
    let mut claims = Vec::new();
    for _ in 0..count {
        let claim = new_claim();
        win(store, &claim).await;
        complete(store, &claim, "done").await;
        claims.push(claim);
    }
    claims
}

pub async fn expired_and_released_records_are_swept(harness: &impl Harness) {
    let store = harness.open().await;
    let completed = complete_some(&*store, 1).await.remove(0);
    harness.advance(SHORT_OF_WINDOW);
    sweep(harness, &*store, 10, 0).await;
    assert_eq!(
        find(&*store, &retry(&completed)).await,
        done(&completed, "done")
    );

    let released = new_claim();
    win(&*store, &released).await;
    release(&*store, &released).await;
    harness.advance(MILLISECOND);
    sweep(harness, &*store, 10, 2).await;
    sweep(harness, &*store, 10, 0).await;
    for claim in [completed, released] {
        win(&*store, &retry(&claim)).await;
    }
}

pub async fn running_abandoned_and_kept_records_are_not_swept(harness: &impl Harness) {
    let store = harness.open().await;
    let abandoned = new_claim();
    abandon(harness, &*store, &abandoned).await;
    let running_one = new_claim();
    win(&*store, &running_one).await;
    let kept = complete_some(&*store, 1).await.remove(0);
    sweep(harness, &*store, 10, 0).await;

    let load = async |claim: &Claim| store.load(claim.record).await.unwrap();
    assert_eq!(
        load(&abandoned).await,
        Some(running(&abandoned, true, None))
    );
    assert_eq!(
        load(&running_one).await,
        Some(running(&running_one, false, None))
    );
    assert_eq!(load(&kept).await, Some(done(&kept, "done")));
}

pub async fn a_sweep_removes_at_most_its_limit(harness: &impl Harness) {
    let store = harness.open().await;
    complete_some(&*store, 10).await;
    harness.advance(WINDOW);
    sweep(harness, &*store, 3, 3).await;
    sweep(harness, &*store, 7, 7).await;
    sweep(harness, &*store, 1, 0).await;
}

pub async fn a_sweep_of_nothing_removes_nothing(harness: &impl Harness) {
    let store = harness.open().await;
    complete_some(&*store, 1).await;
    harness.advance(WINDOW);
    sweep(harness, &*store, 0, 0).await;
    sweep(harness, &*store, usize::MAX, 1).await;
}

pub async fn a_record_that_was_claimed_again_is_not_swept(harness: &impl Harness) {
    let store = harness.open().await;
    let first = complete_some(&*store, 1).await.remove(0);
    harness.advance(WINDOW);
    let second = retry(&first);
    win(&*store, &second).await;
    sweep(harness, &*store, 10, 0).await;
    complete(&*store, &second, "second").await;
    sweep(harness, &*store, 10, 0).await;
    assert_eq!(find(&*store, &first).await, done(&second, "second"));
}

pub async fn a_big_sweep_lets_claims_through(harness: &impl Harness) {
    const RECORDS: usize = 1_500;
    let store = harness.open().await;
    let released: Vec<_> = (0..RECORDS)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let claim = new_claim();
                win(&*store, &claim).await;
                release(&*store, &claim).await;
            })
        })
        .collect();
    for task in released {
        task.await.unwrap();
    }

    let sweeper = Arc::clone(&store);
    let swept = tokio::spawn(async move { sweeper.sweep(RECORDS).await.unwrap() });
    let claims: Vec<_> = (0..50).map(|_| new_claim()).collect();
    for claim in &claims {
        win(&*store, claim).await;
    }
    assert_eq!(swept.await.unwrap(), swept_of(harness, RECORDS));
    for claim in &claims {
        let record = store.load(claim.record).await.unwrap();
        assert_eq!(record, Some(running(claim, false, None)));
    }
}
