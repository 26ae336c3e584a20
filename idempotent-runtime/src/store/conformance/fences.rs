//! Who may change a record.

use std::panic::Location;

use super::sweeping::sweep;
use super::*;
use crate::store::Resolution;

/// Everything that an attempt can ask of its record is refused, and changes nothing.
#[track_caller]
fn refused(store: &dyn Store, record: RecordId, attempt: AttemptId) -> impl Future<Output = ()> {
    let before = answer(store.load(record));
    let steps = [
        lost(store.renew(record, attempt, LEASE)),
        lost(store.publish(record, attempt, outcome("stale"))),
        lost(store.complete(record, attempt, completion("stale"))),
        lost(store.release(record, attempt)),
    ];
    let after = answer(store.load(record));
    let at = Location::caller();
    async move {
        let before = before.await;
        for step in steps {
            step.await;
        }
        let promise = "a step that is refused changes nothing";
        must_at(at, promise, &after.await, &before);
    }
}

fn resolution(body: &'static str) -> Resolution {
    Resolution::Complete(completion(body))
}

pub async fn nobody_holds_an_absent_record(harness: &impl Harness) {
    let store = harness.open().await;
    let record = new_record();
    let attempt = AttemptId::random();
    refused(&*store, record, attempt).await;
    lost(store.forget(record, attempt)).await;
    let fence = store.resolve(record, attempt, AttemptId::random(), Resolution::Release);
    lost(fence).await;
    reads(&*store, record, None).await;
}

pub async fn an_attempt_whose_record_was_taken_over_is_refused(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    abandon(harness, &*store, &first).await;
    let second = retry(&first);
    win_from(&*store, &second).await;
    refused(&*store, first.record, first.attempt).await;
    complete(&*store, &second, "second").await;
    refused(&*store, first.record, first.attempt).await;
    let expected = taken_over(&first, done(&second, "second"));
    find(&*store, &first, expected).await;
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
    refused(&*store, first.record, first.attempt).await;
    complete(&*store, &second, "second").await;
    refused(&*store, first.record, first.attempt).await;
}

pub async fn an_attempt_whose_record_was_forgotten_is_refused(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    held(store.forget(claim.record, claim.attempt)).await;
    refused(&*store, claim.record, claim.attempt).await;
}

pub async fn an_attempt_whose_record_was_resolved_is_refused(harness: &impl Harness) {
    let store = harness.open().await;
    for resolution in [resolution("settled"), Resolution::Release] {
        let claim = new_claim();
        abandon(harness, &*store, &claim).await;
        let by = AttemptId::random();
        let fence = store.resolve(claim.record, claim.attempt, by, resolution);
        held(fence).await;
        refused(&*store, claim.record, claim.attempt).await;
    }
}

pub async fn a_stranger_is_refused(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    refused(&*store, claim.record, AttemptId::random()).await;
    harness.advance(LEASE);
    refused(&*store, claim.record, AttemptId::random()).await;
}

pub async fn a_done_record_takes_nothing_but_the_same_completion(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    complete(&*store, &claim, "done").await;
    let (record, attempt) = (claim.record, claim.attempt);
    lost(store.renew(record, attempt, LEASE)).await;
    lost(store.publish(record, attempt, outcome("stale"))).await;
    lost(store.release(record, attempt)).await;
    reads(&*store, record, Some(done(&claim, "done"))).await;
}

pub async fn a_released_record_takes_nothing_but_the_same_release(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    release(&*store, &claim).await;
    let (record, attempt) = (claim.record, claim.attempt);
    lost(store.renew(record, attempt, LEASE)).await;
    lost(store.publish(record, attempt, outcome("stale"))).await;
    lost(store.complete(record, attempt, completion("stale"))).await;
    reads(&*store, record, None).await;
}

pub async fn a_repeated_completion_is_held_and_changes_nothing(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    complete(&*store, &claim, "first").await;
    harness.advance(SHORT_OF_WINDOW);
    complete(&*store, &claim, "second").await;
    reads(&*store, claim.record, Some(done(&claim, "first"))).await;
    harness.advance(MILLISECOND);
    reads(&*store, claim.record, None).await;
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
    reads(&*store, claim.record, None).await;
}

pub async fn an_attempt_may_settle_after_its_lease_as_long_as_nobody_took_over(
    harness: &impl Harness,
) {
    let store = harness.open().await;
    let completed = new_claim();
    abandon(harness, &*store, &completed).await;
    complete(&*store, &completed, "late").await;
    find(&*store, &retry(&completed), done(&completed, "late")).await;

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
    lost(resolve()).await;
    harness.advance(SHORT_OF_LEASE);
    lost(resolve()).await;
    complete(&*store, &claim, "done").await;
    harness.advance(MILLISECOND);
    lost(resolve()).await;
    reads(&*store, claim.record, Some(done(&claim, "done"))).await;

    let released = new_claim();
    win(&*store, &released).await;
    release(&*store, &released).await;
    harness.advance(LEASE);
    let fence = store.resolve(released.record, released.attempt, by, resolution("settled"));
    lost(fence).await;
    reads(&*store, released.record, None).await;
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
    lost(fence).await;
    let expected = taken_over(&first, running(&second, true, None));
    reads(&*store, first.record, Some(expected)).await;
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
    held(fence).await;
    let expected = Record {
        generation: claim.attempt,
        ..done(&by, "settled")
    };
    find(&*store, &retry(&claim), expected).await;
}

pub async fn a_record_is_resolved_by_giving_it_back(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    abandon(harness, &*store, &claim).await;
    let by = AttemptId::random();
    let fence = store.resolve(claim.record, claim.attempt, by, Resolution::Release);
    held(fence).await;
    reads(&*store, claim.record, None).await;
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
            held(fence).await;
        }
        let other = AttemptId::random();
        let fence = store.resolve(claim.record, claim.attempt, other, resolution);
        lost(fence).await;
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
        held(store.forget(claim.record, claim.attempt)).await;
        reads(&*store, claim.record, None).await;
        win(&*store, &retry(&claim)).await;
    }
}

pub async fn a_record_is_not_forgotten_for_another_attempt(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    abandon(harness, &*store, &first).await;
    let second = retry(&first);
    win_from(&*store, &second).await;
    lost(store.forget(first.record, first.attempt)).await;
    let expected = taken_over(&first, running(&second, false, None));
    reads(&*store, first.record, Some(expected)).await;
}

pub async fn every_byte_of_an_attempt_id_counts(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    abandon(harness, &*store, &claim).await;
    for place in 0..16 {
        let mut bytes = *claim.attempt.as_bytes();
        bytes[place] ^= 1;
        let neighbour = AttemptId::from_bytes(bytes);
        lost(store.renew(claim.record, neighbour, LEASE)).await;
        lost(store.forget(claim.record, neighbour)).await;
        let mistaken = Claim {
            takeover: Takeover::From(neighbour),
            ..retry(&claim)
        };
        find(&*store, &mistaken, running(&claim, true, None)).await;
    }
    complete(&*store, &claim, "done").await;
}

pub async fn an_attempt_whose_record_expired_and_was_claimed_again_is_refused(
    harness: &impl Harness,
) {
    let store = harness.open().await;
    let first = new_claim();
    win(&*store, &first).await;
    complete(&*store, &first, "first").await;
    harness.advance(WINDOW);
    let second = retry(&first);
    win(&*store, &second).await;
    refused(&*store, first.record, first.attempt).await;
    complete(&*store, &second, "second").await;
    refused(&*store, first.record, first.attempt).await;
}

pub async fn an_attempt_whose_record_was_swept_is_refused(harness: &impl Harness) {
    let store = harness.open().await;
    let [completed, released] = [new_claim(), new_claim()];
    win(&*store, &completed).await;
    complete(&*store, &completed, "done").await;
    win(&*store, &released).await;
    release(&*store, &released).await;
    harness.advance(WINDOW);
    sweep(harness, &*store, 10, 2).await;
    for claim in [completed, released] {
        lost(store.renew(claim.record, claim.attempt, LEASE)).await;
        lost(store.publish(claim.record, claim.attempt, outcome("stale"))).await;
        // A store that removes rows in its own time may still have this one, and know who made it what it is.
        if harness.expiry() == Expiry::Sweep {
            refused(&*store, claim.record, claim.attempt).await;
        }
        win(&*store, &retry(&claim)).await;
        refused(&*store, claim.record, claim.attempt).await;
    }
}
