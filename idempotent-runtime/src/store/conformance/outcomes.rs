//! What is given back is what was kept.

use super::*;

/// Keeps the outcome, provisionally and for good, and reads it back in every way there is.
async fn assert_faithful(harness: &impl Harness, outcome: Outcome) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    let fence = store.publish(claim.record, claim.attempt, outcome.clone());
    held(fence).await;
    find(
        &*store,
        &retry(&claim),
        running(&claim, false, Some(outcome.clone())),
    )
    .await;

    let completion = Completion {
        outcome: Some(outcome.clone()),
        ..completion("")
    };
    let fence = store.complete(claim.record, claim.attempt, completion);
    held(fence).await;
    let expected = done_with(&claim, Disposition::Completed, Some(outcome));
    find(&*store, &retry(&claim), expected.clone()).await;
    reads(&*store, claim.record, Some(expected.clone())).await;
    let elsewhere = harness.open().await;
    reads(&*elsewhere, claim.record, Some(expected)).await;
}

fn done_with(claim: &Claim, disposition: Disposition, outcome: Option<Outcome>) -> Record {
    let state = State::Done {
        disposition,
        outcome,
    };
    record_of(claim, state)
}

async fn publish(store: &dyn Store, claim: &Claim, body: &'static str) {
    let fence = store.publish(claim.record, claim.attempt, outcome(body));
    held(fence).await;
}

pub async fn an_empty_outcome_is_kept_as_it_is(harness: &impl Harness) {
    assert_faithful(harness, Outcome::new(204, Headers::default(), "")).await;
}

pub async fn a_mebibyte_is_kept_as_it_is(harness: &impl Harness) {
    let body: Vec<u8> = (0_u8..=250).cycle().take(1024 * 1024).collect();
    assert_faithful(harness, Outcome::new(200, Headers::default(), body)).await;
}

pub async fn every_byte_is_kept_as_it_is(harness: &impl Harness) {
    let bytes: Vec<u8> = (0..=255).collect();
    let headers = Headers::pack([("x-bytes", bytes.as_slice())]).unwrap();
    assert_faithful(harness, Outcome::new(200, headers, bytes)).await;
}

pub async fn repeated_headers_keep_their_order(harness: &impl Harness) {
    let pairs: [(&str, &[u8]); 5] = [
        ("vary", b"b"),
        ("link", b"</1>"),
        ("vary", b"a"),
        ("x-empty", b""),
        ("vary", b"b"),
    ];
    let headers = Headers::pack(pairs).unwrap();
    assert_faithful(harness, Outcome::new(200, headers, "body")).await;
}

pub async fn every_status_is_kept(harness: &impl Harness) {
    for status in [100, 200, 404, 599, 999, 0, u16::MAX] {
        assert_faithful(harness, Outcome::new(status, Headers::default(), "body")).await;
    }
}

pub async fn every_disposition_is_kept(harness: &impl Harness) {
    let store = harness.open().await;
    for disposition in [
        Disposition::Completed,
        Disposition::FailedFinal,
        Disposition::FailedRetriable,
    ] {
        let claim = new_claim();
        win(&*store, &claim).await;
        let completion = Completion {
            disposition,
            ..completion("done")
        };
        let fence = store.complete(claim.record, claim.attempt, completion);
        held(fence).await;
        let expected = done_with(&claim, disposition, Some(outcome("done")));
        find(&*store, &retry(&claim), expected).await;
    }
}

pub async fn an_outcome_that_was_not_kept_is_told_from_an_empty_one(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    let completion = Completion {
        outcome: None,
        ..completion("")
    };
    let fence = store.complete(claim.record, claim.attempt, completion);
    held(fence).await;
    let expected = done_with(&claim, Disposition::Completed, None);
    find(&*store, &retry(&claim), expected).await;
}

pub async fn a_provisional_outcome_is_seen_while_the_attempt_runs(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    publish(&*store, &claim, "begun").await;
    let expected = running(&claim, false, Some(outcome("begun")));
    find(&*store, &retry(&claim), expected.clone()).await;
    reads(&*store, claim.record, Some(expected)).await;
}

pub async fn the_last_publication_counts(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    publish(&*store, &claim, "begun").await;
    publish(&*store, &claim, "half way").await;
    let expected = running(&claim, false, Some(outcome("half way")));
    find(&*store, &retry(&claim), expected).await;
}

pub async fn a_provisional_outcome_survives_a_takeover(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    win(&*store, &first).await;
    publish(&*store, &first, "begun").await;
    harness.advance(LEASE);
    let second = retry(&first);
    let left = Won {
        provisional: Some(outcome("begun")),
        ..left_by(&first)
    };
    take_over(&*store, &second, left).await;
    let expected = running(&second, false, Some(outcome("begun")));
    find(&*store, &retry(&first), taken_over(&first, expected)).await;
}

pub async fn a_provisional_outcome_survives_a_renewal(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    publish(&*store, &claim, "begun").await;
    let fence = store.renew(claim.record, claim.attempt, LEASE);
    held(fence).await;
    let expected = running(&claim, false, Some(outcome("begun")));
    find(&*store, &retry(&claim), expected).await;
}

pub async fn a_provisional_outcome_ends_with_completion(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    publish(&*store, &claim, "begun").await;
    complete(&*store, &claim, "done").await;
    harness.advance(WINDOW);
    win(&*store, &retry(&claim)).await;
}

pub async fn a_provisional_outcome_ends_with_release(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    publish(&*store, &claim, "begun").await;
    release(&*store, &claim).await;
    win(&*store, &retry(&claim)).await;
}

/// Only where the harness [knows a size](Harness::too_large) that the store can't hold.
pub async fn an_outcome_that_the_store_cannot_hold_is_refused_and_the_record_goes_on(
    harness: &impl Harness,
) {
    let Some(size) = harness.too_large() else {
        return;
    };
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    let huge = Outcome::new(200, Headers::default(), vec![b'a'; size]);
    let unkept = |outcome| Completion {
        outcome,
        ..completion("")
    };
    let (record, attempt) = (claim.record, claim.attempt);
    for step in [
        store.publish(record, attempt, huge.clone()),
        store.complete(record, attempt, unkept(Some(huge))),
    ] {
        let refused = step.await.err().map(|error| error.is_too_large());
        let promise = "an outcome that the store cannot hold is refused as too large";
        must(promise, &refused, &Some(true));
        reads(&*store, record, Some(running(&claim, false, None))).await;
    }
    held(store.complete(record, attempt, unkept(None))).await;
    let expected = done_with(&claim, Disposition::Completed, None);
    find(&*store, &retry(&claim), expected).await;
}
