//! What becomes of a record that nobody comes back for.

use super::sweeping::sweep;
use super::*;

const KEEP: Duration = Duration::from_hours(2);
const SHORT_OF_KEEP: Duration = KEEP.saturating_sub(MILLISECOND);

/// A claim whose record lapses.
fn lapsing() -> Claim {
    new_claim().keep_abandoned(KEEP)
}

/// The record must be abandoned, as the claim left it, and lapse in a millisecond.
async fn lapses_now(harness: &impl Harness, store: &dyn Store, claim: &Claim) {
    reads(store, claim.record, Some(running(claim, true, None))).await;
    harness.advance(MILLISECOND);
    reads(store, claim.record, None).await;
}

pub async fn an_abandoned_record_lapses_at_its_very_millisecond(harness: &impl Harness) {
    let store = harness.open().await;
    let [first, other] = [lapsing(), lapsing()];
    win(&*store, &first).await;
    win(&*store, &other).await;
    harness.advance(LEASE);
    harness.advance(SHORT_OF_KEEP);
    let wary = retry(&first).takeover(Takeover::Never);
    find(&*store, &wary, running(&first, true, None)).await;
    lapses_now(harness, &*store, &first).await;
    win(&*store, &wary).await;
    win(&*store, &mismatch(&other)).await;
}

pub async fn a_record_that_is_kept_until_it_is_settled_does_not_lapse(harness: &impl Harness) {
    let store = harness.open().await;
    let kept = new_claim();
    win(&*store, &kept).await;
    // Nobody takes over from this one any more, so somebody has to settle it.
    let last = lapsing().takeover(Takeover::UpTo(1));
    win(&*store, &last).await;
    let first = lapsing().takeover(Takeover::UpTo(2));
    win(&*store, &first).await;
    harness.advance(LEASE);
    let second = retry(&first);
    take_over(&*store, &second, left_by(&first)).await;

    harness.advance(AGES);
    sweep(harness, &*store, 10, 0).await;
    for claim in [kept, last] {
        reads(&*store, claim.record, Some(running(&claim, true, None))).await;
    }
    let expected = taken_over(&first, running(&second, true, None));
    reads(&*store, first.record, Some(expected)).await;
}

pub async fn a_lapsed_record_is_swept(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = lapsing().takeover(Takeover::UpTo(2));
    win(&*store, &claim).await;
    harness.advance(LEASE);
    harness.advance(SHORT_OF_KEEP);
    sweep(harness, &*store, 10, 0).await;
    lapses_now(harness, &*store, &claim).await;
    sweep(harness, &*store, 10, 1).await;
    sweep(harness, &*store, 10, 0).await;
    win(&*store, &retry(&claim)).await;
    sweep(harness, &*store, 10, 0).await;
}

/// A store that removes records in its own time may have removed this one. Another must have it until it is swept.
pub async fn an_attempt_may_settle_a_lapsed_record_that_nobody_took(harness: &impl Harness) {
    if harness.expiry() == Expiry::Own {
        return;
    }
    let store = harness.open().await;
    let [completed, renewed, released] = [lapsing(), lapsing(), lapsing()];
    for claim in [&completed, &renewed, &released] {
        win(&*store, claim).await;
    }
    harness.advance(LEASE);
    harness.advance(KEEP);
    complete(&*store, &completed, "late").await;
    find(&*store, &retry(&completed), done(&completed, "late")).await;
    held(store.renew(renewed.record, renewed.attempt, LEASE)).await;
    find(&*store, &retry(&renewed), running(&renewed, false, None)).await;
    release(&*store, &released).await;
    win(&*store, &retry(&released)).await;
}

pub async fn an_attempt_whose_lapsed_record_was_taken_is_refused(harness: &impl Harness) {
    let store = harness.open().await;
    let first = lapsing();
    win(&*store, &first).await;
    harness.advance(LEASE);
    harness.advance(KEEP);
    let second = retry(&first);
    win(&*store, &second).await;
    lost(store.renew(first.record, first.attempt, LEASE)).await;
    lost(store.complete(first.record, first.attempt, completion("late"))).await;
    lost(store.release(first.record, first.attempt)).await;
    reads(&*store, first.record, Some(running(&second, false, None))).await;
}

pub async fn a_renewal_postpones_the_lapse(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = lapsing();
    win(&*store, &claim).await;
    for lease in [LEASE, Duration::ZERO] {
        harness.advance(LEASE);
        harness.advance(SHORT_OF_KEEP.saturating_sub(LEASE));
        held(store.renew(claim.record, claim.attempt, lease)).await;
        harness.advance(lease);
    }
    harness.advance(SHORT_OF_KEEP);
    lapses_now(harness, &*store, &claim).await;
}

pub async fn a_takeover_says_how_long_its_record_is_kept(harness: &impl Harness) {
    let store = harness.open().await;
    let first = lapsing();
    abandon(harness, &*store, &first).await;
    let second = retry(&first).keep_abandoned(KEEP.saturating_mul(2));
    take_over(&*store, &second, left_by(&first)).await;
    harness.advance(LEASE);
    harness.advance(KEEP);
    harness.advance(SHORT_OF_KEEP);
    let expected = taken_over(&first, running(&second, true, None));
    reads(&*store, first.record, Some(expected)).await;
    harness.advance(MILLISECOND);
    reads(&*store, first.record, None).await;
}

pub async fn a_record_lapses_whose_takeover_was_withdrawn(harness: &impl Harness) {
    let store = harness.open().await;
    let first = lapsing();
    abandon(harness, &*store, &first).await;
    let second = retry(&first);
    win_from(&*store, &second).await;
    held(store.withdraw(second.clone())).await;
    harness.advance(SHORT_OF_KEEP);
    let expected = Record {
        generation: first.attempt,
        ..running(&second, true, None)
    };
    reads(&*store, first.record, Some(expected)).await;
    harness.advance(MILLISECOND);
    reads(&*store, first.record, None).await;
}
