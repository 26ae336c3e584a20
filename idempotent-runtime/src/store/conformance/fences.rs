//! Who may change a record.

use super::*;
use crate::store::Resolution;

/// Everything that an attempt can ask of its record is refused, and changes nothing.
async fn assert_refused(store: &dyn Store, record: RecordId, attempt: AttemptId) {
    let before = store.load(record).await.unwrap();
    let fences = [
        store.renew(record, attempt, LEASE).await,
        store.publish(record, attempt, outcome("stale")).await,
        store.complete(record, attempt, completion("stale")).await,
        store.release(record, attempt).await,
    ];
    for fence in fences {
        assert_eq!(fence.unwrap(), Fence::Lost);
    }
    assert_eq!(store.load(record).await.unwrap(), before);
}

fn resolution(body: &'static str) -> Resolution {
    Resolution::Complete(completion(body))
}

pub async fn nobody_holds_an_absent_record(harness: &impl Harness) {
    let store = harness.open().await;
    let record = new_record();
    let attempt = AttemptId::random();
    assert_refused(&*store, record, attempt).await;
    assert_eq!(store.forget(record, attempt).await.unwrap(), Fence::Lost);
    let fence = store.resolve(record, attempt, AttemptId::random(), Resolution::Release);
    assert_eq!(fence.await.unwrap(), Fence::Lost);
    assert_eq!(store.load(record).await.unwrap(), None);
}

pub async fn an_attempt_whose_record_was_taken_over_is_refused(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    abandon(harness, &*store, &first).await;
    let second = retry(&first);
    win_from(&*store, &second).await;
    assert_refused(&*store, first.record, first.attempt).await;
    complete(&*store, &second, "second").await;
    assert_refused(&*store, first.record, first.attempt).await;
    assert_eq!(find(&*store, &first).await, done(&second, "second"));
}

pub async fn an_attempt_whose_record_was_released_and_claimed_again_is_refused(
    harness: &impl Harness,
) {
    let store = harness.open().await;
    let first = new_claim();
    win(&*store, &first).await;
    release(&*store, &first).await;
    let second = retry(&first);
    win(&*store, &second).await;
    assert_refused(&*store, first.record, first.attempt).await;
    complete(&*store, &second, "second").await;
    assert_refused(&*store, first.record, first.attempt).await;
}

pub async fn an_attempt_whose_record_was_forgotten_is_refused(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    let fence = store.forget(claim.record, claim.attempt).await.unwrap();
    assert_eq!(fence, Fence::Held);
    assert_refused(&*store, claim.record, claim.attempt).await;
}

pub async fn an_attempt_whose_record_was_resolved_is_refused(harness: &impl Harness) {
    let store = harness.open().await;
    for resolution in [resolution("settled"), Resolution::Release] {
        let claim = new_claim();
        abandon(harness, &*store, &claim).await;
        let by = AttemptId::random();
        let fence = store.resolve(claim.record, claim.attempt, by, resolution);
        assert_eq!(fence.await.unwrap(), Fence::Held);
        assert_refused(&*store, claim.record, claim.attempt).await;
    }
}

pub async fn a_stranger_is_refused(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    assert_refused(&*store, claim.record, AttemptId::random()).await;
    harness.advance(LEASE);
    assert_refused(&*store, claim.record, AttemptId::random()).await;
}

pub async fn a_done_record_takes_nothing_but_the_same_completion(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    complete(&*store, &claim, "done").await;
    let (record, attempt) = (claim.record, claim.attempt);
    let fences = [
        store.renew(record, attempt, LEASE).await,
        store.publish(record, attempt, outcome("stale")).await,
        store.release(record, attempt).await,
    ];
    for fence in fences {
        assert_eq!(fence.unwrap(), Fence::Lost);
    }
    let found = store.load(record).await.unwrap();
    assert_eq!(found, Some(done(&claim, "done")));
}

pub async fn a_released_record_takes_nothing_but_the_same_release(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    release(&*store, &claim).await;
    let (record, attempt) = (claim.record, claim.attempt);
    let fences = [
        store.renew(record, attempt, LEASE).await,
        store.publish(record, attempt, outcome("stale")).await,
        store.complete(record, attempt, completion("stale")).await,
    ];
    for fence in fences {
        assert_eq!(fence.unwrap(), Fence::Lost);
    }
    assert_eq!(store.load(record).await.unwrap(), None);
}

pub async fn a_repeated_completion_is_held_and_changes_nothing(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    complete(&*store, &claim, "first").await;
    harness.advance(SHORT_OF_WINDOW);
    complete(&*store, &claim, "second").await;
    let record = store.load(claim.record).await.unwrap();
    assert_eq!(record, Some(done(&claim, "first")));
    harness.advance(MILLISECOND);
    assert_eq!(store.load(claim.record).await.unwrap(), None);
}

pub async fn a_repeated_release_is_held(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    release(&*store, &claim).await;
    release(&*store, &claim).await;
}

pub async fn a_released_record_is_not_loaded(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    release(&*store, &claim).await;
    assert_eq!(store.load(claim.record).await.unwrap(), None);
}

pub async fn an_attempt_may_settle_after_its_lease_as_long_as_nobody_took_over(
    harness: &impl Harness,
) {
    let store = harness.open().await;
    let completed = new_claim();
    abandon(harness, &*store, &completed).await;
    complete(&*store, &completed, "late").await;
    assert_eq!(
        find(&*store, &retry(&completed)).await,
        done(&completed, "late")
    );

    let released = new_claim();
    abandon(harness, &*store, &released).await;
    release(&*store, &released).await;
    win(&*store, &retry(&released)).await;
}

pub async fn only_an_abandoned_record_is_resolved(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    let by = AttemptId::random();
    let resolve = || store.resolve(claim.record, claim.attempt, by, Resolution::Release);

    win(&*store, &claim).await;
    assert_eq!(resolve().await.unwrap(), Fence::Lost);
    harness.advance(SHORT_OF_LEASE);
    assert_eq!(resolve().await.unwrap(), Fence::Lost);
    complete(&*store, &claim, "done").await;
    harness.advance(MILLISECOND);
    assert_eq!(resolve().await.unwrap(), Fence::Lost);
    let record = store.load(claim.record).await.unwrap();
    assert_eq!(record, Some(done(&claim, "done")));

    let released = new_claim();
    win(&*store, &released).await;
    release(&*store, &released).await;
    harness.advance(LEASE);
    let fence = store.resolve(released.record, released.attempt, by, resolution("settled"));
    assert_eq!(fence.await.unwrap(), Fence::Lost);
    assert_eq!(store.load(released.record).await.unwrap(), None);
}

pub async fn a_resolution_needs_the_attempt_that_was_seen(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    abandon(harness, &*store, &first).await;
    let second = retry(&first);
    win_from(&*store, &second).await;
    harness.advance(LEASE);
    let by = AttemptId::random();
    let fence = store.resolve(first.record, first.attempt, by, resolution("settled"));
    assert_eq!(fence.await.unwrap(), Fence::Lost);
    let record = store.load(first.record).await.unwrap();
    assert_eq!(record, Some(running(&second, true, None)));
}

pub async fn a_record_is_resolved_with_an_outcome(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    abandon(harness, &*store, &claim).await;
    let by = retry(&claim);
    let fence = store.resolve(
        claim.record,
        claim.attempt,
        by.attempt,
        resolution("settled"),
    );
    assert_eq!(fence.await.unwrap(), Fence::Held);
    assert_eq!(find(&*store, &retry(&claim)).await, done(&by, "settled"));
}

pub async fn a_record_is_resolved_by_giving_it_back(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    abandon(harness, &*store, &claim).await;
    let by = AttemptId::random();
    let fence = store.resolve(claim.record, claim.attempt, by, Resolution::Release);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    assert_eq!(store.load(claim.record).await.unwrap(), None);
    win(&*store, &retry(&claim)).await;
}

pub async fn a_repeated_resolution_is_held(harness: &impl Harness) {
    let store = harness.open().await;
    for resolution in [resolution("settled"), Resolution::Release] {
        let claim = new_claim();
        abandon(harness, &*store, &claim).await;
        let by = AttemptId::random();
        for _ in 0..2 {
            let fence = store.resolve(claim.record, claim.attempt, by, resolution.clone());
            assert_eq!(fence.await.unwrap(), Fence::Held);
        }
        let other = AttemptId::random();
        let fence = store.resolve(claim.record, claim.attempt, other, resolution);
        assert_eq!(fence.await.unwrap(), Fence::Lost);
    }
}

pub async fn a_record_is_forgotten_whatever_its_state(harness: &impl Harness) {
    let store = harness.open().await;
    let running = new_claim();
    win(&*store, &running).await;
    let completed = new_claim();
    win(&*store, &completed).await;
    complete(&*store, &completed, "done").await;
    let abandoned = new_claim();
    abandon(harness, &*store, &abandoned).await;
    for claim in [running, completed, abandoned] {
        let fence = store.forget(claim.record, claim.attempt).await.unwrap();
        assert_eq!(fence, Fence::Held);
        assert_eq!(store.load(claim.record).await.unwrap(), None);
        win(&*store, &retry(&claim)).await;
    }
}

pub async fn a_record_is_not_forgotten_for_another_attempt(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    abandon(harness, &*store, &first).await;
    let second = retry(&first);
    win_from(&*store, &second).await;
    let fence = store.forget(first.record, first.attempt).await.unwrap();
    assert_eq!(fence, Fence::Lost);
    let record = store.load(first.record).await.unwrap();
    assert_eq!(record, Some(running(&second, false, None)));
}
