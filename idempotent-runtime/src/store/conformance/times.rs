//! When a lease ends and when an outcome does.

use std::panic::Location;

use super::sweeping::sweep;
use super::*;
use crate::store::Resolution;

/// The record must be running, and abandoned or not.
#[track_caller]
fn abandoned(store: &dyn Store, record: RecordId, expected: bool) -> impl Future<Output = ()> {
    let at = Location::caller();
    let record = answer(store.load(record));
    async move {
        let abandoned = match record.await.map(|record| record.state) {
            Some(State::Running { abandoned, .. }) => Some(abandoned),
            _ => None,
        };
        let promise = "a running record is abandoned from the millisecond on at which its lease ends, and not before";
        must_at(at, promise, &abandoned, &Some(expected));
    }
}

/// The record must be there, or count as absent.
#[track_caller]
fn exists(store: &dyn Store, record: RecordId, expected: bool) -> impl Future<Output = ()> {
    let at = Location::caller();
    let record = answer(store.load(record));
    async move {
        let promise = "a done record counts as absent from the millisecond on at which it expires, and not before";
        must_at(at, promise, &record.await.is_some(), &expected);
    }
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
    abandoned(&*store, claim.record, false).await;
    // A claim that may take over is still told that the attempt runs.
    find(&*store, &retry(&claim), running(&claim, false, None)).await;
    for _ in 0..2 {
        harness.advance(MILLISECOND);
        abandoned(&*store, claim.record, true).await;
        find(&*store, &wary, running(&claim, true, None)).await;
    }
    win_from(&*store, &retry(&claim)).await;
}

pub async fn a_renewal_counts_from_now(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    harness.advance(SHORT_OF_LEASE);
    let fence = store.renew(claim.record, claim.attempt, LEASE);
    held(fence).await;
    harness.advance(SHORT_OF_LEASE);
    abandoned(&*store, claim.record, false).await;
    harness.advance(MILLISECOND);
    abandoned(&*store, claim.record, true).await;
}

pub async fn a_renewal_revives_an_abandoned_record(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    abandon(harness, &*store, &claim).await;
    let fence = store.renew(claim.record, claim.attempt, LEASE);
    held(fence).await;
    find(&*store, &retry(&claim), running(&claim, false, None)).await;
}

pub async fn a_renewal_of_zero_abandons_at_once(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    let fence = store.renew(claim.record, claim.attempt, Duration::ZERO);
    held(fence).await;
    abandoned(&*store, claim.record, true).await;
    take_over(&*store, &retry(&claim), left_by(&claim)).await;
}

pub async fn a_publication_does_not_prolong_the_lease(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    harness.advance(SHORT_OF_LEASE);
    let fence = store.publish(claim.record, claim.attempt, outcome("begun"));
    held(fence).await;
    harness.advance(MILLISECOND);
    abandoned(&*store, claim.record, true).await;
}

/// Only where the harness can [set the wall clock](Harness::step_wall).
pub async fn a_step_of_the_wall_clock_ends_no_lease(harness: &impl Harness) {
    const HOUR: i64 = 3_600_000;
    let store = harness.open().await;
    for millis in [HOUR, -2 * HOUR] {
        let claim = new_claim();
        win(&*store, &claim).await;
        if !harness.step_wall(millis) {
            return;
        }
        abandoned(&*store, claim.record, false).await;
        find(&*store, &retry(&claim), running(&claim, false, None)).await;
        harness.advance(SHORT_OF_LEASE);
        abandoned(&*store, claim.record, false).await;
        harness.advance(MILLISECOND);
        abandoned(&*store, claim.record, true).await;
        complete(&*store, &claim, "done").await;
        harness.advance(WINDOW);
        exists(&*store, claim.record, false).await;
    }
}

pub async fn an_outcome_expires_at_its_very_millisecond(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    complete(&*store, &claim, "done").await;
    harness.advance(SHORT_OF_WINDOW);
    find(&*store, &retry(&claim), done(&claim, "done")).await;
    for _ in 0..2 {
        harness.advance(MILLISECOND);
        exists(&*store, claim.record, false).await;
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
    exists(&*store, claim.record, true).await;
    harness.advance(MILLISECOND);
    exists(&*store, claim.record, false).await;
}

pub async fn the_window_of_a_resolution_is_counted_from_it(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    abandon(harness, &*store, &claim).await;
    let resolution = Resolution::Complete(completion("settled"));
    let by = AttemptId::random();
    let fence = store.resolve(claim.record, claim.attempt, by, resolution);
    held(fence).await;
    harness.advance(SHORT_OF_WINDOW);
    exists(&*store, claim.record, true).await;
    harness.advance(MILLISECOND);
    exists(&*store, claim.record, false).await;
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
    held(fence).await;
    harness.advance(AGES);
    sweep(harness, &*store, 100, 0).await;
    find(&*store, &retry(&claim), done(&claim, "done")).await;
}

pub async fn a_running_record_does_not_expire(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    harness.advance(AGES);
    find(&*store, &mismatch(&claim), running(&claim, true, None)).await;
}
