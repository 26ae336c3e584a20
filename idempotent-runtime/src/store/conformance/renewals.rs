//! Many renewals at once.

use super::*;
use crate::store::Renewal;

fn of(claim: &Claim, lease: Duration) -> Renewal {
    Renewal::new(claim.record, claim.attempt, lease)
}

async fn renew_all(store: &dyn Store, renewals: Vec<Renewal>) -> Vec<Fence> {
    let mut fences = Vec::new();
    for renewed in store.renew_all(renewals).await {
        fences.push(answer(Box::pin(std::future::ready(renewed))).await);
    }
    fences
}

const EACH: &str =
    "each of several renewals is renewed or refused by itself, and answered in its place";

pub async fn renewals_are_answered_in_their_order(harness: &impl Harness) {
    let store = harness.open().await;
    let [short, long, completed, released] = std::array::from_fn(|_| new_claim());
    for claim in [&short, &long, &completed, &released] {
        win(&*store, claim).await;
    }
    complete(&*store, &completed, "done").await;
    release(&*store, &released).await;
    harness.advance(SHORT_OF_LEASE);

    let renewals = vec![
        of(&new_claim(), LEASE),
        of(&long, LEASE.saturating_mul(2)),
        of(&retry(&short), LEASE),
        of(&completed, LEASE),
        of(&short, LEASE),
        of(&released, LEASE),
        of(&retry(&long), Duration::ZERO),
    ];
    let expected = [
        Fence::Lost,
        Fence::Held,
        Fence::Lost,
        Fence::Lost,
        Fence::Held,
        Fence::Lost,
        Fence::Lost,
    ];
    must(EACH, &renew_all(&*store, renewals).await, &expected.into());
    harness.advance(LEASE);
    reads(&*store, short.record, Some(running(&short, true, None))).await;
    reads(&*store, long.record, Some(running(&long, false, None))).await;
    harness.advance(LEASE);
    reads(&*store, long.record, Some(running(&long, true, None))).await;
}

/// A caller that asks twice for one record gets two answers.
pub async fn a_record_that_is_renewed_twice_at_once_is_answered_twice(harness: &impl Harness) {
    let store = harness.open().await;
    let [claim, other] = [new_claim(), new_claim()];
    win(&*store, &claim).await;
    win(&*store, &other).await;
    harness.advance(LEASE);
    let renewals = vec![
        of(&claim, LEASE),
        of(&other, LEASE),
        of(&claim, LEASE),
        of(&retry(&claim), LEASE),
    ];
    let expected = vec![Fence::Held, Fence::Held, Fence::Held, Fence::Lost];
    must(EACH, &renew_all(&*store, renewals).await, &expected);
    reads(&*store, claim.record, Some(running(&claim, false, None))).await;
}

pub async fn no_renewals_have_no_answers(harness: &impl Harness) {
    let store = harness.open().await;
    must(EACH, &renew_all(&*store, Vec::new()).await, &Vec::new());
}

pub async fn many_renewals_are_all_answered(harness: &impl Harness) {
    const RECORDS: usize = 150;
    let store = harness.open().await;
    let mut claims = Vec::new();
    for _ in 0..RECORDS {
        let claim = new_claim();
        win(&*store, &claim).await;
        claims.push(claim);
    }
    harness.advance(SHORT_OF_LEASE);
    // Every third is a stranger's.
    let asked = claims.iter().enumerate().map(|(number, claim)| {
        let asked = if number % 3 == 0 {
            retry(claim)
        } else {
            claim.clone()
        };
        of(&asked, LEASE)
    });
    let answers = renew_all(&*store, asked.collect()).await;
    must(EACH, &answers.len(), &RECORDS);
    harness.advance(MILLISECOND);
    for (number, (claim, fence)) in claims.iter().zip(answers).enumerate() {
        let lost = number % 3 == 0;
        let expected = if lost { Fence::Lost } else { Fence::Held };
        must(EACH, &fence, &expected);
        reads(&*store, claim.record, Some(running(claim, lost, None))).await;
    }
}
