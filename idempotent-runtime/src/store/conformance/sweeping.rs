//! What a sweep removes.

use std::panic::Location;
use std::sync::Arc;

use tokio::sync::Barrier;

use super::*;

/// Sweeps, and checks how many records that removed: none, where the store removes them in its own time.
#[track_caller]
pub(super) fn sweep(
    harness: &impl Harness,
    store: &dyn Store,
    limit: usize,
    expected: usize,
) -> impl Future<Output = ()> {
    let at = Location::caller();
    let swept = answer(store.sweep(limit));
    let expected = swept_of(harness, expected);
    async move { must_at(at, SWEEPS, &swept.await, &expected) }
}

const SWEEPS: &str = "a sweep removes expired and released records alone, at most as many as it may, and says how many";

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
    find(&*store, &retry(&completed), done(&completed, "done")).await;

    let released = new_claim();
    win(&*store, &released).await;
    release(&*store, &released).await;
    harness.advance(MILLISECOND);
    sweep(harness, &*store, 10, 1).await;
    harness.advance(SHORT_OF_RELEASED_STAYS.saturating_sub(MILLISECOND));
    sweep(harness, &*store, 10, 0).await;
    harness.advance(MILLISECOND);
    sweep(harness, &*store, 10, 1).await;
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

    reads(
        &*store,
        abandoned.record,
        Some(running(&abandoned, true, None)),
    )
    .await;
    reads(
        &*store,
        running_one.record,
        Some(running(&running_one, false, None)),
    )
    .await;
    reads(&*store, kept.record, Some(done(&kept, "done"))).await;
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
    find(&*store, &first, done(&second, "second")).await;
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
        join(task).await;
    }
    harness.advance(RELEASED_STAYS);

    let sweeper = Arc::clone(&store);
    let swept = tokio::spawn(async move { answer(sweeper.sweep(RECORDS)).await });
    let claims: Vec<_> = (0..50).map(|_| new_claim()).collect();
    for claim in &claims {
        win(&*store, claim).await;
    }
    must(SWEEPS, &join(swept).await, &swept_of(harness, RECORDS));
    for claim in &claims {
        reads(&*store, claim.record, Some(running(claim, false, None))).await;
    }
}

/// A sweep that looks first and removes later would take a running record, and with it the fence.
pub async fn a_sweep_spares_records_that_are_claimed_meanwhile(harness: &impl Harness) {
    const RECORDS: usize = 200;
    const AT_ONCE: usize = 5;
    const SWEEPERS: usize = 2;
    let store = harness.open().await;
    let expired = complete_some(&*store, RECORDS).await;
    harness.advance(WINDOW);

    let together = Arc::new(Barrier::new(SWEEPERS + RECORDS));
    let sweepers: Vec<_> = (0..SWEEPERS)
        .map(|_| {
            let (sweeper, together) = (Arc::clone(&store), Arc::clone(&together));
            // Few at a time, so that there are claims between two sweeps, and between the halves of one.
            tokio::spawn(async move {
                together.wait().await;
                while answer(sweeper.sweep(AT_ONCE)).await > 0 {}
            })
        })
        .collect();
    let claiming: Vec<_> = expired
        .iter()
        .map(|first| {
            let (store, second) = (Arc::clone(&store), retry(first));
            let together = Arc::clone(&together);
            tokio::spawn(async move {
                together.wait().await;
                win(&*store, &second).await;
                second
            })
        })
        .collect();
    for task in sweepers {
        join(task).await;
    }
    for task in claiming {
        let second = join(task).await;
        reads(&*store, second.record, Some(running(&second, false, None))).await;
        complete(&*store, &second, "second").await;
    }
}
