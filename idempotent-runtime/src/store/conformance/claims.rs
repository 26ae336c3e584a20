//! Who gets a record.

use super::*;
use crate::identity::Origin;
use crate::scope::Scope;

pub async fn an_absent_record_is_won(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    reads(&*store, claim.record, None).await;
    win(&*store, &claim).await;
    reads(&*store, claim.record, Some(running(&claim, false, None))).await;
}

pub async fn a_running_record_is_found(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    for takeover in [
        Takeover::Never,
        Takeover::Abandoned,
        Takeover::From(claim.attempt),
    ] {
        let other = Claim {
            takeover,
            ..retry(&claim)
        };
        find(&*store, &other, running(&claim, false, None)).await;
    }
}

pub async fn a_repeated_claim_is_won_again(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    win(&*store, &claim).await;
    find(&*store, &retry(&claim), running(&claim, false, None)).await;
}

pub async fn a_repeated_claim_renews_the_lease(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    harness.advance(SHORT_OF_LEASE);
    win(&*store, &claim).await;
    harness.advance(SHORT_OF_LEASE);
    find(&*store, &retry(&claim), running(&claim, false, None)).await;
}

pub async fn a_repeated_claim_after_a_takeover_names_the_same_attempt(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    win(&*store, &first).await;
    let fence = store.publish(first.record, first.attempt, outcome("begun"));
    held(fence).await;
    harness.advance(LEASE);
    let second = retry(&first);
    let left = Won {
        provisional: Some(outcome("begun")),
        ..left_by(&first)
    };
    take_over(&*store, &second, left.clone()).await;
    take_over(&*store, &second, left.clone()).await;

    let fence = store.renew(second.record, second.attempt, LEASE);
    held(fence).await;
    take_over(&*store, &second, left).await;
}

pub async fn a_repeated_claim_is_won_again_though_the_lease_ran_out(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = Claim {
        takeover: Takeover::Never,
        ..new_claim()
    };
    abandon(harness, &*store, &claim).await;
    win(&*store, &claim).await;
    find(&*store, &retry(&claim), running(&claim, false, None)).await;
}

pub async fn a_repeated_claim_finds_what_the_attempt_completed(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    complete(&*store, &claim, "done").await;
    find(&*store, &claim, done(&claim, "done")).await;
}

pub async fn an_abandoned_record_is_told_to_a_claim_that_may_not_take_it(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    abandon(harness, &*store, &claim).await;
    let other = Claim {
        takeover: Takeover::Never,
        ..retry(&claim)
    };
    find(&*store, &other, running(&claim, true, None)).await;
    reads(&*store, claim.record, Some(running(&claim, true, None))).await;
}

pub async fn an_abandoned_record_is_taken_over(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    abandon(harness, &*store, &first).await;
    let second = retry(&first);
    take_over(&*store, &second, left_by(&first)).await;
    let expected = taken_over(&first, running(&second, false, None));
    find(&*store, &retry(&first), expected).await;
}

pub async fn a_takeover_from_a_named_attempt_needs_that_attempt(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    abandon(harness, &*store, &first).await;
    let mistaken = Claim {
        takeover: Takeover::From(AttemptId::random()),
        ..retry(&first)
    };
    find(&*store, &mistaken, running(&first, true, None)).await;
    let right = Claim {
        takeover: Takeover::From(first.attempt),
        ..retry(&first)
    };
    take_over(&*store, &right, left_by(&first)).await;
}

pub async fn a_record_that_was_taken_over_can_be_taken_over_again(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    abandon(harness, &*store, &first).await;
    let second = retry(&first);
    win_from(&*store, &second).await;
    harness.advance(LEASE);
    let third = retry(&first);
    let left = Won {
        abandoned: 2,
        taken_from: Some(second.attempt),
        ..left_by(&first)
    };
    take_over(&*store, &third, left).await;
}

pub async fn a_done_record_is_found(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    complete(&*store, &claim, "done").await;
    find(&*store, &retry(&claim), done(&claim, "done")).await;
    reads(&*store, claim.record, Some(done(&claim, "done"))).await;
}

pub async fn a_released_record_is_won_anew(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    win(&*store, &first).await;
    release(&*store, &first).await;
    let second = retry(&first);
    win(&*store, &second).await;
    find(&*store, &retry(&first), running(&second, false, None)).await;
}

pub async fn a_forgotten_record_is_won_anew(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    win(&*store, &first).await;
    complete(&*store, &first, "done").await;
    held(store.forget(first.record, first.attempt)).await;
    reads(&*store, first.record, None).await;
    win(&*store, &mismatch(&first)).await;
}

pub async fn another_fingerprint_is_told_before_anything_else(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    let same_attempt = Claim {
        attempt: claim.attempt,
        ..mismatch(&claim)
    };
    let others = [mismatch(&claim), same_attempt];

    win(&*store, &claim).await;
    for other in &others {
        find(&*store, other, running(&claim, false, None)).await;
    }
    harness.advance(LEASE);
    for other in &others {
        find(&*store, other, running(&claim, true, None)).await;
    }
    complete(&*store, &claim, "done").await;
    for other in &others {
        find(&*store, other, done(&claim, "done")).await;
    }
    find(&*store, &retry(&claim), done(&claim, "done")).await;
}

pub async fn another_fingerprint_wins_a_record_that_counts_as_absent(harness: &impl Harness) {
    let store = harness.open().await;
    let released = new_claim();
    win(&*store, &released).await;
    release(&*store, &released).await;
    let expired = new_claim();
    win(&*store, &expired).await;
    complete(&*store, &expired, "done").await;
    harness.advance(WINDOW);
    for claim in [released, expired] {
        let other = mismatch(&claim);
        win(&*store, &other).await;
        reads(&*store, claim.record, Some(running(&other, false, None))).await;
    }
}

pub async fn records_do_not_meet(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    complete(&*store, &claim, "done").await;
    let elsewhere = Claim {
        record: new_record(),
        ..claim.clone()
    };
    win(&*store, &elsewhere).await;
    find(&*store, &retry(&claim), done(&claim, "done")).await;
}

pub async fn keys_of_two_namespaces_do_not_meet(harness: &impl Harness) {
    let store = harness.open().await;
    let in_namespace = |namespace| Claim {
        record: RecordId::new(
            None,
            namespace,
            Origin::Web,
            &Scope::global(),
            &[b"POST", b"/payments"],
            "one key",
        ),
        ..new_claim()
    };
    let [one, other] = ["one", "other"].map(in_namespace);
    win(&*store, &one).await;
    complete(&*store, &one, "done").await;
    win(&*store, &other).await;
    find(&*store, &retry(&one), done(&one, "done")).await;
    held(store.forget(one.record, one.attempt)).await;
    reads(&*store, other.record, Some(running(&other, false, None))).await;
}

pub async fn every_byte_of_a_record_id_counts(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    for place in 0..32 {
        let mut bytes = *claim.record.as_bytes();
        bytes[place] ^= 1;
        let neighbour = Claim {
            record: RecordId::from_bytes(bytes),
            ..retry(&claim)
        };
        win(&*store, &neighbour).await;
    }
}

pub async fn every_byte_of_a_fingerprint_counts(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    abandon(harness, &*store, &claim).await;
    for place in 0..32 {
        let mut bytes = *claim.fingerprint.as_bytes();
        bytes[place] ^= 1;
        let other = Claim {
            fingerprint: Fingerprint::from_bytes(bytes),
            ..retry(&claim)
        };
        find(&*store, &other, running(&claim, true, None)).await;
    }
    take_over(&*store, &retry(&claim), left_by(&claim)).await;
}
