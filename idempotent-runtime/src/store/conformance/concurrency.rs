//! Many at once, through several handles.

use std::sync::Arc;

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
    let tasks: Vec<_> = claims
        .into_iter()
        .zip(handles.iter().cycle())
        .map(|(claim, store)| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                let claimed = store.claim(claim.clone()).await.unwrap();
                (claim, claimed)
            })
        })
        .collect();
    let mut claimed = Vec::new();
    for task in tasks {
        claimed.push(task.await.unwrap());
    }
    claimed
}

/// Exactly one of the claims won; the others found it running.
fn assert_one_winner(claimed: &[(Claim, Claimed)], left_by: Option<AttemptId>) {
    let winners: Vec<_> = claimed
        .iter()
        .filter(|(_, claimed)| matches!(claimed, Claimed::Won { .. }))
        .collect();
    let [(winner, won)] = winners[..] else {
        panic!("{} claims won", winners.len());
    };
    let expected = Claimed::Won {
        abandoned: left_by,
        provisional: None,
    };
    assert_eq!(*won, expected);
    for (claim, claimed) in claimed {
        if claim.attempt != winner.attempt {
            assert_eq!(*claimed, Claimed::Found(running(winner, false, None)));
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
    assert_one_winner(&claim_all(harness, claims).await, Some(first.attempt));
}

pub async fn many_claims_of_one_attempt_are_all_its_own(harness: &impl Harness) {
    let claim = new_claim();
    let expected = Claimed::Won {
        abandoned: None,
        provisional: None,
    };
    for (_, claimed) in claim_all(harness, vec![claim; TASKS]).await {
        assert_eq!(claimed, expected);
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
                let renewed = store.renew(claim.record, claim.attempt, LEASE).await;
                assert_eq!(renewed.unwrap(), Fence::Held);
                complete(&*store, &claim, "done").await;
                assert_eq!(find(&*other, &retry(&claim)).await, done(&claim, "done"));
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

pub async fn one_of_completion_and_takeover_counts(harness: &impl Harness) {
    let handles = handles(harness).await;
    for _ in 0..TASKS {
        let first = new_claim();
        abandon(harness, &*handles[0], &first).await;
        let (completing, taking) = (Arc::clone(&handles[0]), Arc::clone(&handles[1]));
        let completed = tokio::spawn(async move {
            let done = completion("late");
            completing.complete(first.record, first.attempt, done).await
        });
        let second = retry(&first);
        let taken = taking.claim(second.clone()).await.unwrap();
        let record = taking.load(first.record).await.unwrap();
        match completed.await.unwrap().unwrap() {
            Fence::Held => assert_eq!(taken, Claimed::Found(done(&first, "late"))),
            Fence::Lost => assert_eq!(record, Some(running(&second, false, None))),
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
    assert_eq!(find(&*store, &retry(&claim)).await, done(&claim, "done"));
    for (claim, task) in left {
        // Done or not done, and never half: the same attempt can always go on.
        let _ = task.await;
        win(&*store, &claim).await;
        complete(&*store, &claim, "done").await;
    }
}
