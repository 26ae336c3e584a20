//! When a lease ends and when an outcome does.

use super::*;
use crate::store::Resolution;

async fn is_abandoned(store: &dyn Store, record: RecordId) -> bool {
    match store.load(record).await.unwrap() {
        Some(Record {
            state: State::Running { abandoned, .. },
            ..
        }) => abandoned,
        other => panic!("the record is not running: {other:?}"),
    }
}

async fn exists(store: &dyn Store, record: RecordId) -> bool {
    store.load(record).await.unwrap().is_some()
}

pub async fn a_lease_ends_at_its_very_millisecond(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    let wary = Claim {
        takeover: Takeover::Never,
        ..retry(&claim)
    };
    win(&*store, &claim).await;
    harness.advance(SHORT_OF_LEASE);
    assert!(!is_abandoned(&*store, claim.record).await);
    // A claim that may take over is still told that the attempt runs.
    assert_eq!(
        find(&*store, &retry(&claim)).await,
        running(&claim, false, None)
    );
    for _ in 0..2 {
        harness.advance(MILLISECOND);
        assert!(is_abandoned(&*store, claim.record).await);
        assert_eq!(find(&*store, &wary).await, running(&claim, true, None));
    }
    win_from(&*store, &retry(&claim)).await;
}

pub async fn a_renewal_counts_from_now(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    harness.advance(SHORT_OF_LEASE);
    let fence = store.renew(claim.record, claim.attempt, LEASE);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    harness.advance(SHORT_OF_LEASE);
    assert!(!is_abandoned(&*store, claim.record).await);
    harness.advance(MILLISECOND);
    assert!(is_abandoned(&*store, claim.record).await);
}

pub async fn a_renewal_revives_an_abandoned_record(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    abandon(harness, &*store, &claim).await;
    let fence = store.renew(claim.record, claim.attempt, LEASE);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    assert_eq!(
        find(&*store, &retry(&claim)).await,
        running(&claim, false, None)
    );
}

pub async fn a_renewal_of_zero_abandons_at_once(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    let fence = store.renew(claim.record, claim.attempt, Duration::ZERO);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    assert!(is_abandoned(&*store, claim.record).await);
    let (abandoned, _) = win_from(&*store, &retry(&claim)).await;
    assert_eq!(abandoned, Some(claim.attempt));
}

pub async fn a_publication_does_not_prolong_the_lease(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    harness.advance(SHORT_OF_LEASE);
    let fence = store.publish(claim.record, claim.attempt, outcome("begun"));
    assert_eq!(fence.await.unwrap(), Fence::Held);
    harness.advance(MILLISECOND);
    assert!(is_abandoned(&*store, claim.record).await);
}

pub async fn an_outcome_expires_at_its_very_millisecond(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    complete(&*store, &claim, "done").await;
    harness.advance(SHORT_OF_WINDOW);
    assert_eq!(find(&*store, &retry(&claim)).await, done(&claim, "done"));
    for _ in 0..2 {
        harness.advance(MILLISECOND);
        assert!(!exists(&*store, claim.record).await);
    }
    win(&*store, &retry(&claim)).await;

    let claim = new_claim();
    win(&*store, &claim).await;
    complete(&*store, &claim, "done").await;
    harness.advance(WINDOW);
    win(&*store, &retry(&claim)).await;
}

pub async fn the_window_is_counted_from_completion(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    abandon(harness, &*store, &claim).await;
    complete(&*store, &claim, "done").await;
    harness.advance(SHORT_OF_WINDOW);
    assert!(exists(&*store, claim.record).await);
    harness.advance(MILLISECOND);
    assert!(!exists(&*store, claim.record).await);
}

pub async fn the_window_of_a_resolution_is_counted_from_it(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    abandon(harness, &*store, &claim).await;
    let resolution = Resolution::Complete(completion("settled"));
    let by = AttemptId::random();
    let fence = store.resolve(claim.record, claim.attempt, by, resolution);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    harness.advance(SHORT_OF_WINDOW);
    assert!(exists(&*store, claim.record).await);
    harness.advance(MILLISECOND);
    assert!(!exists(&*store, claim.record).await);
}

pub async fn an_outcome_kept_for_ever_does_not_expire(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    let completion = Completion {
        ttl: Ttl::Forever,
        ..completion("done")
    };
    let fence = store.complete(claim.record, claim.attempt, completion);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    harness.advance(AGES);
    assert_eq!(store.sweep(100).await.unwrap(), 0);
    assert_eq!(find(&*store, &retry(&claim)).await, done(&claim, "done"));
}

pub async fn a_running_record_does_not_expire(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    harness.advance(AGES);
    assert_eq!(
        find(&*store, &mismatch(&claim)).await,
        running(&claim, true, None)
    );
}
