//! Many at once, through several handles.

use std::panic::Location;
use std::sync::Arc;

use tokio::sync::Barrier;

use super::*;

const HANDLES: usize = 4;
const TASKS: usize = 64;

async fn handles(harness: &impl Harness) -> Vec<Arc<dyn Store>> {
    let mut handles = Vec::new();
    for _ in 0..HANDLES {
        handles.push(harness.open().await);
    }
    handles
}

/// Sends all claims at once, spread over the handles.
async fn claim_all(harness: &impl Harness, claims: Vec<Claim>) -> Vec<(Claim, Claimed)> {
    let handles = handles(harness).await;
    let together = Arc::new(Barrier::new(claims.len()));
    let tasks: Vec<_> = claims
        .into_iter()
        .zip(handles.iter().cycle())
        .map(|(claim, store)| {
            let (store, together) = (Arc::clone(store), Arc::clone(&together));
            tokio::spawn(async move {
                together.wait().await;
                let claimed = answer(store.claim(claim.clone())).await;
                (claim, timeless(Location::caller(), claimed))
            })
        })
        .collect();
    let mut claimed = Vec::new();
    for task in tasks {
        claimed.push(join(task).await);
    }
    claimed
}

/// Exactly one of the claims won; the others found it running.
fn assert_one_winner(claimed: &[(Claim, Claimed)], left: Option<&Claim>) {
    let winners: Vec<_> = claimed
        .iter()
        .filter(|(_, claimed)| matches!(claimed, Claimed::Won(_)))
        .collect();
    let promise = "of many claims of one record at the same time, one wins";
    must(promise, &winners.len(), &1);
    let (winner, won) = winners[0];
    let expected = left.map_or_else(|| Won::anew(winner.attempt), left_by);
    must(promise, won, &Claimed::Won(expected));
    for (claim, claimed) in claimed {
        if claim.attempt != winner.attempt {
            let expected = running(winner, false, None);
            let expected = match left {
                Some(first) => taken_over(first, expected),
                None => expected,
            };
            must(
                "the other claims find the winner's record",
                claimed,
                &Claimed::Found(expected),
            );
        }
    }
}

pub async fn one_of_many_claims_wins(harness: &impl Harness) {
    let first = new_claim();
    let claims = (0..TASKS).map(|_| retry(&first)).collect();
    assert_one_winner(&claim_all(harness, claims).await, None);
}

pub async fn one_of_many_takes_over(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    abandon(harness, &*store, &first).await;
    let claims = (0..TASKS)
        .map(|number| Claim {
            takeover: if number % 2 == 0 {
                Takeover::Abandoned
            } else {
                Takeover::From(first.attempt)
            },
            ..retry(&first)
        })
        .collect();
    assert_one_winner(&claim_all(harness, claims).await, Some(&first));
}

pub async fn many_claims_of_one_attempt_are_all_its_own(harness: &impl Harness) {
    let claim = new_claim();
    let expected = Claimed::Won(Won::anew(claim.attempt));
    for (_, claimed) in claim_all(harness, vec![claim; TASKS]).await {
        must(
            "repeated claims of one attempt all win",
            &claimed,
            &expected,
        );
    }
}

pub async fn many_records_at_once_do_not_meet(harness: &impl Harness) {
    let handles = handles(harness).await;
    let tasks: Vec<_> = (0..TASKS)
        .map(|number| {
            let store = Arc::clone(&handles[number % HANDLES]);
            let other = Arc::clone(&handles[(number + 1) % HANDLES]);
            tokio::spawn(async move {
                let claim = new_claim();
                win(&*store, &claim).await;
                held(store.renew(claim.record, claim.attempt, LEASE)).await;
                complete(&*store, &claim, "done").await;
                find(&*other, &retry(&claim), done(&claim, "done")).await;
            })
        })
        .collect();
    for task in tasks {
        join(task).await;
    }
}

pub async fn one_of_completion_and_takeover_counts(harness: &impl Harness) {
    let handles = handles(harness).await;
    for _ in 0..TASKS {
        let first = new_claim();
        abandon(harness, &*handles[0], &first).await;
        let (completing, taking) = (Arc::clone(&handles[0]), Arc::clone(&handles[1]));
        let (record, attempt) = (first.record, first.attempt);
        let completed = tokio::spawn(async move {
            let done = completion("late");
            answer(completing.complete(record, attempt, done)).await
        });
        let second = retry(&first);
        let at = Location::caller();
        let taken = timeless(at, answer(taking.claim(second.clone())).await);
        let record = answer(taking.load(first.record)).await;
        let record = record.map(|record| undated(at, record));
        match join(completed).await {
            Fence::Held => {
                let promise = "a completion that is held leaves nothing to take over";
                must(promise, &taken, &Claimed::Found(done(&first, "late")));
            }
            Fence::Lost => {
                let promise =
                    "a completion that is refused left the record to whoever took it over";
                let expected = taken_over(&first, running(&second, false, None));
                must(promise, &record, &Some(expected));
            }
        }
    }
}

pub async fn steps_whose_callers_left_harm_nobody(harness: &impl Harness) {
    let store = harness.open().await;
    let mut left = Vec::new();
    for _ in 0..TASKS {
        let claim = new_claim();
        let leaving = Arc::clone(&store);
        let asked = claim.clone();
        let task = tokio::spawn(async move { leaving.claim(asked).await });
        task.abort();
        left.push((claim, task));
    }
    let claim = new_claim();
    win(&*store, &claim).await;
    complete(&*store, &claim, "done").await;
    find(&*store, &retry(&claim), done(&claim, "done")).await;
    for (claim, task) in left {
        // Done or not done, and never half: the same attempt can always go on.
        let _ = task.await;
        win(&*store, &claim).await;
        complete(&*store, &claim, "done").await;
    }
}

pub async fn one_of_many_claims_wins_what_was_given_back(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    win(&*store, &first).await;
    release(&*store, &first).await;
    let claims = (0..TASKS).map(|_| retry(&first)).collect();
    assert_one_winner(&claim_all(harness, claims).await, None);
}

pub async fn one_of_many_claims_wins_what_expired(harness: &impl Harness) {
    let store = harness.open().await;
    let first = new_claim();
    win(&*store, &first).await;
    complete(&*store, &first, "done").await;
    harness.advance(WINDOW);
    let claims = (0..TASKS).map(|_| retry(&first)).collect();
    assert_one_winner(&claim_all(harness, claims).await, None);
}
