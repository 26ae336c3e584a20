//! What a record keeps from the claim that made it, through takeovers, to its end.

use std::panic::Location;

use super::*;
use crate::clock::Timestamp;
use crate::store::Resolution;

fn labelled(claim: &Claim, operation: &str) -> Claim {
    claim.clone().label(Label::new("suite", operation))
}

/// When the record was first claimed.
#[track_caller]
fn claimed_at(store: &dyn Store, record: RecordId) -> impl Future<Output = Option<Timestamp>> {
    let at = Location::caller();
    let record = answer(store.load(record));
    async move {
        let claimed_at = record.await.and_then(|record| record.claimed_at);
        let promise = "a record that was claimed says when";
        must_at(at, promise, &claimed_at.is_some(), &true);
        claimed_at
    }
}

pub async fn a_record_keeps_the_label_of_the_claim_that_made_it(harness: &impl Harness) {
    let store = harness.open().await;
    let first = labelled(&new_claim(), "POST /first");
    win(&*store, &first).await;
    find(
        &*store,
        &labelled(&retry(&first), "POST /other"),
        running(&first, false, None),
    )
    .await;
    harness.advance(LEASE);
    let second = labelled(&retry(&first), "POST /second");
    take_over(&*store, &second, left_by(&first)).await;
    let kept = Claim {
        attempt: second.attempt,
        ..first.clone()
    };
    let expected = taken_over(&first, running(&kept, false, None));
    reads(&*store, first.record, Some(expected)).await;
    complete(&*store, &second, "done").await;
    let expected = taken_over(&first, done(&kept, "done"));
    find(&*store, &retry(&first), expected).await;

    harness.advance(WINDOW);
    let third = labelled(&retry(&first), "POST /third");
    win(&*store, &third).await;
    release(&*store, &third).await;
    let fourth = labelled(&retry(&first), "POST /fourth");
    win(&*store, &fourth).await;
    reads(&*store, first.record, Some(running(&fourth, false, None))).await;
}

pub async fn every_label_is_kept_as_it_is(harness: &impl Harness) {
    let store = harness.open().await;
    let longest = "ö".repeat(Label::LONGEST / 2);
    for text in [
        "",
        "a",
        "A",
        "ends in blanks  ",
        "it's \"quoted\" \\ % _ {}\r\n\t",
        "Überweisung ✓ 𝄞",
        longest.as_str(),
    ] {
        let claim = new_claim().label(Label::new(text, text));
        win(&*store, &claim).await;
        reads(&*store, claim.record, Some(running(&claim, false, None))).await;
    }
}

pub async fn a_takeover_goes_on_with_the_generation_and_counts_who_abandoned_it(
    harness: &impl Harness,
) {
    let store = harness.open().await;
    let first = new_claim();
    win(&*store, &first).await;
    let mut last = first.clone();
    for abandoned in 1..=3 {
        harness.advance(LEASE);
        let next = retry(&first);
        let told = Won {
            abandoned,
            taken_from: Some(last.attempt),
            ..left_by(&first)
        };
        take_over(&*store, &next, told.clone()).await;
        take_over(&*store, &next, told).await;
        let expected = Record {
            abandoned,
            ..taken_over(&first, running(&next, false, None))
        };
        reads(&*store, first.record, Some(expected)).await;
        last = next;
    }
    complete(&*store, &last, "done").await;
    let expected = Record {
        abandoned: 3,
        ..taken_over(&first, done(&last, "done"))
    };
    find(&*store, &retry(&first), expected).await;
}

/// After a release, an expiry and a removal, and once it has lapsed.
pub async fn a_record_that_is_won_anew_begins_another_generation(harness: &impl Harness) {
    let store = harness.open().await;
    let left = || async {
        let first = new_claim().keep_abandoned(WINDOW);
        abandon(harness, &*store, &first).await;
        let second = retry(&first);
        take_over(&*store, &second, left_by(&first)).await;
        second
    };
    let [lapsed, expired] = [left().await, left().await];
    complete(&*store, &expired, "done").await;
    harness.advance(LEASE.saturating_add(WINDOW));
    let [released, forgotten] = [left().await, left().await];
    release(&*store, &released).await;
    held(store.forget(forgotten.record, forgotten.attempt)).await;
    for claim in [lapsed, expired, released, forgotten] {
        let next = retry(&claim);
        win(&*store, &next).await;
        reads(&*store, claim.record, Some(running(&next, false, None))).await;
    }
}

pub async fn a_resolved_record_stays_of_its_generation(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    abandon(harness, &*store, &first).await;
    let second = retry(&first);
    win_from(&*store, &second).await;
    harness.advance(LEASE);
    let by = retry(&first);
    let resolution = Resolution::Complete(completion("settled"));
    let fence = store.resolve(first.record, second.attempt, by.attempt, resolution);
    held(fence).await;
    let expected = taken_over(&first, done(&by, "settled"));
    reads(&*store, first.record, Some(expected)).await;
}

pub async fn a_record_says_when_its_generation_began(harness: &impl Harness) {
    const PROMISE: &str = "a record says when it was first claimed, until it is won anew";
    let store = harness.open().await;
    let first = new_claim();
    win(&*store, &first).await;
    let began = claimed_at(&*store, first.record).await;
    harness.advance(SHORT_OF_LEASE);
    win(&*store, &first).await;
    held(store.renew(first.record, first.attempt, LEASE)).await;
    must(PROMISE, &claimed_at(&*store, first.record).await, &began);
    harness.advance(LEASE);
    let second = retry(&first);
    win_from(&*store, &second).await;
    must(PROMISE, &claimed_at(&*store, first.record).await, &began);
    complete(&*store, &second, "done").await;
    must(PROMISE, &claimed_at(&*store, first.record).await, &began);

    harness.advance(WINDOW);
    win(&*store, &retry(&first)).await;
    let anew = claimed_at(&*store, first.record).await;
    let at_least = began.map(|at| at.saturating_add(WINDOW));
    must(PROMISE, &(anew >= at_least), &true);
}

pub async fn a_takeover_needs_fewer_abandoned_attempts_than_it_names(harness: &impl Harness) {
    let store = harness.open().await;
    let up_to = |claim: &Claim, most| retry(claim).takeover(Takeover::UpTo(most));
    let first = new_claim();
    win(&*store, &first).await;
    find(&*store, &up_to(&first, 9), running(&first, false, None)).await;
    harness.advance(LEASE);
    for most in [0, 1] {
        find(&*store, &up_to(&first, most), running(&first, true, None)).await;
    }
    let second = up_to(&first, 2);
    take_over(&*store, &second, left_by(&first)).await;
    harness.advance(LEASE);
    let expected = taken_over(&first, running(&second, true, None));
    find(&*store, &up_to(&first, 2), expected).await;
    win_from(&*store, &up_to(&first, 3)).await;

    let absent = up_to(&new_claim(), 0);
    win(&*store, &absent).await;
}
