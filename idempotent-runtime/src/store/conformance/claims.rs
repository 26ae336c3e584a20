//! Who gets a record.

use super::*;

pub async fn an_absent_record_is_won(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    assert_eq!(store.load(claim.record).await.unwrap(), None);
    win(&*store, &claim).await;
    let record = store.load(claim.record).await.unwrap();
    assert_eq!(record, Some(running(&claim, false, None)));
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
        assert_eq!(find(&*store, &other).await, running(&claim, false, None));
    }
}

pub async fn a_repeated_claim_is_won_again(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    win(&*store, &claim).await;
    assert_eq!(
        find(&*store, &retry(&claim)).await,
        running(&claim, false, None)
    );
}

pub async fn a_repeated_claim_renews_the_lease(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    harness.advance(SHORT_OF_LEASE);
    win(&*store, &claim).await;
    harness.advance(SHORT_OF_LEASE);
    assert_eq!(
        find(&*store, &retry(&claim)).await,
        running(&claim, false, None)
    );
}

pub async fn a_repeated_claim_after_a_takeover_names_the_same_attempt(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    win(&*store, &first).await;
    let fence = store.publish(first.record, first.attempt, outcome("begun"));
    assert_eq!(fence.await.unwrap(), Fence::Held);
    harness.advance(LEASE);
    let second = retry(&first);
    let left = (Some(first.attempt), Some(outcome("begun")));
    assert_eq!(win_from(&*store, &second).await, left);
    assert_eq!(win_from(&*store, &second).await, left);

    let fence = store.renew(second.record, second.attempt, LEASE);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    assert_eq!(win_from(&*store, &second).await, left);
}

pub async fn a_repeated_claim_is_won_again_though_the_lease_ran_out(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = Claim {
        takeover: Takeover::Never,
        ..new_claim()
    };
    abandon(harness, &*store, &claim).await;
    win(&*store, &claim).await;
    assert_eq!(
        find(&*store, &retry(&claim)).await,
        running(&claim, false, None)
    );
}

pub async fn a_repeated_claim_finds_what_the_attempt_completed(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    complete(&*store, &claim, "done").await;
    assert_eq!(find(&*store, &claim).await, done(&claim, "done"));
}

pub async fn an_abandoned_record_is_told_to_a_claim_that_may_not_take_it(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    abandon(harness, &*store, &claim).await;
    let other = Claim {
        takeover: Takeover::Never,
        ..retry(&claim)
    };
    assert_eq!(find(&*store, &other).await, running(&claim, true, None));
    let record = store.load(claim.record).await.unwrap();
    assert_eq!(record, Some(running(&claim, true, None)));
}

pub async fn an_abandoned_record_is_taken_over(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    abandon(harness, &*store, &first).await;
    let second = retry(&first);
    assert_eq!(
        win_from(&*store, &second).await,
        (Some(first.attempt), None)
    );
    assert_eq!(
        find(&*store, &retry(&first)).await,
        running(&second, false, None)
    );
}

pub async fn a_takeover_from_a_named_attempt_needs_that_attempt(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    abandon(harness, &*store, &first).await;
    let mistaken = Claim {
        takeover: Takeover::From(AttemptId::random()),
        ..retry(&first)
    };
    assert_eq!(find(&*store, &mistaken).await, running(&first, true, None));
    let right = Claim {
        takeover: Takeover::From(first.attempt),
        ..retry(&first)
    };
    assert_eq!(win_from(&*store, &right).await, (Some(first.attempt), None));
}

pub async fn a_record_that_was_taken_over_can_be_taken_over_again(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    abandon(harness, &*store, &first).await;
    let second = retry(&first);
    win_from(&*store, &second).await;
    harness.advance(LEASE);
    let third = retry(&first);
    assert_eq!(
        win_from(&*store, &third).await,
        (Some(second.attempt), None)
    );
}

pub async fn a_done_record_is_found(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    win(&*store, &claim).await;
    complete(&*store, &claim, "done").await;
    assert_eq!(find(&*store, &retry(&claim)).await, done(&claim, "done"));
    let record = store.load(claim.record).await.unwrap();
    assert_eq!(record, Some(done(&claim, "done")));
}

pub async fn a_released_record_is_won_anew(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    win(&*store, &first).await;
    release(&*store, &first).await;
    let second = retry(&first);
    win(&*store, &second).await;
    assert_eq!(
        find(&*store, &retry(&first)).await,
        running(&second, false, None)
    );
}

pub async fn a_forgotten_record_is_won_anew(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    win(&*store, &first).await;
    complete(&*store, &first, "done").await;
    let fence = store.forget(first.record, first.attempt).await.unwrap();
    assert_eq!(fence, Fence::Held);
    assert_eq!(store.load(first.record).await.unwrap(), None);
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
        assert_eq!(find(&*store, other).await, running(&claim, false, None));
    }
    harness.advance(LEASE);
    for other in &others {
        assert_eq!(find(&*store, other).await, running(&claim, true, None));
    }
    complete(&*store, &claim, "done").await;
    for other in &others {
        assert_eq!(find(&*store, other).await, done(&claim, "done"));
    }
    assert_eq!(find(&*store, &retry(&claim)).await, done(&claim, "done"));
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
        let record = store.load(claim.record).await.unwrap();
        assert_eq!(record, Some(running(&other, false, None)));
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
    assert_eq!(find(&*store, &retry(&claim)).await, done(&claim, "done"));
}
