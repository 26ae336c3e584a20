//! What becomes of a claim that is taken back.

use super::sweeping::sweep;
use super::*;

async fn withdraw(store: &dyn Store, claim: &Claim) {
    held(store.withdraw(claim.clone())).await;
}

/// A late claim of an attempt that gave the record back.
async fn refused(store: &dyn Store, claim: &Claim) {
    let promise = "a claim whose own attempt gave the record back is refused";
    must(
        promise,
        &answer(store.claim(claim.clone())).await,
        &Claimed::Withdrawn,
    );
}

pub async fn a_record_that_a_withdrawn_claim_made_is_free(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    win(&*store, &first).await;
    withdraw(&*store, &first).await;
    reads(&*store, first.record, None).await;
    withdraw(&*store, &first).await;
    let second = mismatch(&first);
    win(&*store, &second).await;
    reads(&*store, first.record, Some(running(&second, false, None))).await;
}

/// Whoever comes next finds what the first attempt left, and isn't told of the one that came in vain.
pub async fn a_record_that_a_withdrawn_claim_took_over_is_abandoned_again(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    win(&*store, &first).await;
    let fence = store.publish(first.record, first.attempt, outcome("begun"));
    held(fence).await;
    harness.advance(LEASE);
    let second = retry(&first);
    win_from(&*store, &second).await;
    // The second time, the acknowledgement was lost.
    for _ in 0..2 {
        withdraw(&*store, &second).await;
        let expected = Record {
            generation: first.attempt,
            ..running(&second, true, Some(outcome("begun")))
        };
        reads(&*store, first.record, Some(expected)).await;
    }
    let third = retry(&first);
    let left = Won {
        taken_from: Some(second.attempt),
        provisional: Some(outcome("begun")),
        ..left_by(&first)
    };
    take_over(&*store, &third, left).await;
    lost(store.withdraw(second)).await;
}

pub async fn a_claim_that_comes_after_its_withdrawal_is_refused(harness: &impl Harness) {
    let store = harness.open().await;
    let late = new_claim();
    withdraw(&*store, &late).await;
    reads(&*store, late.record, None).await;
    refused(&*store, &late).await;
    withdraw(&*store, &late).await;
    reads(&*store, late.record, None).await;

    let other = retry(&late);
    win(&*store, &other).await;
    find(&*store, &late, running(&other, false, None)).await;
    lost(store.withdraw(late)).await;
    complete(&*store, &other, "done").await;
}

pub async fn a_claim_that_comes_after_its_release_is_refused(harness: &impl Harness) {
    let store = harness.open().await;
    let late = new_claim();
    win(&*store, &late).await;
    release(&*store, &late).await;
    refused(&*store, &late).await;
    release(&*store, &late).await;
    let other = retry(&late);
    win(&*store, &other).await;
    find(&*store, &late, running(&other, false, None)).await;
}

pub async fn a_withdrawal_changes_no_record_of_another_attempt(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    let stranger = retry(&first);
    win(&*store, &first).await;
    lost(store.withdraw(stranger.clone())).await;
    reads(&*store, first.record, Some(running(&first, false, None))).await;
    harness.advance(LEASE);
    lost(store.withdraw(stranger.clone())).await;
    reads(&*store, first.record, Some(running(&first, true, None))).await;

    let second = retry(&first);
    win_from(&*store, &second).await;
    lost(store.withdraw(first.clone())).await;
    let expected = taken_over(&first, running(&second, false, None));
    reads(&*store, first.record, Some(expected)).await;
}

pub async fn a_withdrawal_changes_no_record_that_is_done(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    complete(&*store, &claim, "done").await;
    lost(store.withdraw(claim.clone())).await;
    lost(store.withdraw(retry(&claim))).await;
    reads(&*store, claim.record, Some(done(&claim, "done"))).await;
}

pub async fn a_withdrawal_leaves_its_mark_where_a_record_counts_as_absent(harness: &impl Harness) {
    let store = harness.open().await;
    let expired = new_claim();
    win(&*store, &expired).await;
    complete(&*store, &expired, "done").await;
    let lapsed = new_claim().keep_abandoned(MILLISECOND);
    win(&*store, &lapsed).await;
    harness.advance(WINDOW);
    let released = new_claim();
    win(&*store, &released).await;
    release(&*store, &released).await;
    for claim in [expired, lapsed, released] {
        let late = retry(&claim);
        withdraw(&*store, &late).await;
        refused(&*store, &late).await;
        reads(&*store, claim.record, None).await;
        win(&*store, &retry(&claim)).await;
    }
}

pub async fn the_mark_of_an_attempt_stays_for_two_minutes(harness: &impl Harness) {
    let store = harness.open().await;
    let [given_back, withdrawn] = [new_claim(), new_claim()];
    win(&*store, &given_back).await;
    release(&*store, &given_back).await;
    withdraw(&*store, &withdrawn).await;
    for wait in [Duration::ZERO, SHORT_OF_RELEASED_STAYS] {
        harness.advance(wait);
        sweep(harness, &*store, 10, 0).await;
        release(&*store, &given_back).await;
        withdraw(&*store, &withdrawn).await;
        refused(&*store, &given_back).await;
        refused(&*store, &withdrawn).await;
    }
    harness.advance(MILLISECOND);
    sweep(harness, &*store, 10, 2).await;
}
