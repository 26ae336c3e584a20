//! Steps that nobody waits for any more, and steps that are never answered.

use std::future::poll_fn;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use super::*;

/// Within this time a step is answered, whatever another one waits for. It is less than a store waits for a connection.
const AT_ONCE: Duration = Duration::from_secs(4);

/// A step of an attempt that holds its record.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Claim,
    Withdraw,
    Renew,
    Publish,
    Complete,
    Release,
}

/// What attempts do with their records, one after the other.
const LIVES: [&[Step]; 3] = [
    &[Step::Claim, Step::Renew, Step::Publish, Step::Complete],
    &[Step::Claim, Step::Release],
    &[Step::Claim, Step::Withdraw],
];

impl Step {
    /// Takes the step. Says whether the attempt holds the record.
    async fn send(self, store: &dyn Store, claim: &Claim) -> Result<bool, StoreError> {
        let (record, attempt) = (claim.record, claim.attempt);
        let fence = match self {
            Self::Claim => {
                let claimed = store.claim(claim.clone()).await?;
                return Ok(matches!(claimed, Claimed::Won(_)));
            }
            Self::Withdraw => store.withdraw(claim.clone()).await?,
            Self::Renew => store.renew(record, attempt, LEASE).await?,
            Self::Publish => store.publish(record, attempt, outcome("begun")).await?,
            Self::Complete => store.complete(record, attempt, completion("done")).await?,
            Self::Release => store.release(record, attempt).await?,
        };
        Ok(fence == Fence::Held)
    }

    /// Takes the step, which must be answered at once.
    #[track_caller]
    fn answers(self, store: &dyn Store, claim: &Claim) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            let answered = tokio::time::timeout(AT_ONCE, self.send(store, claim)).await;
            let promise = "a step that hangs holds up no other step, its own repetition least of all \
                (the step, whether it was answered in time)";
            must_at(at, promise, &(self, answered.is_ok()), &(self, true));
            let answered = answered.ok().map(|answer| answer_at(at, answer));
            let promise = "a step that is sent again gets the answer of the first \
                (the step, whether the attempt holds the record)";
            must_at(at, promise, &(self, answered), &(self, Some(true)));
        }
    }
}

/// Polls a step once, so that it is under way where it has to wait.
async fn begin<T>(mut step: Pin<&mut impl Future<Output = T>>) {
    poll_fn(|context| Poll::Ready(step.as_mut().poll(context).is_ready())).await;
}

/// What an attempt left once it went through this life.
async fn ended(store: &dyn Store, claim: &Claim, life: &[Step]) {
    if life.contains(&Step::Complete) {
        find(store, &retry(claim), done(claim, "done")).await;
    } else {
        win(store, &retry(claim)).await;
    }
}

/// Nothing is done for a caller who left before anything was sent.
pub async fn a_step_that_was_never_polled_does_nothing(harness: &impl Harness) {
    let store = harness.open().await;
    let claim = new_claim();
    drop(store.claim(claim.clone()));
    reads(&*store, claim.record, None).await;
    drop(store.withdraw(claim.clone()));
    win(&*store, &claim).await;

    let (record, attempt) = (claim.record, claim.attempt);
    drop(store.renew(record, attempt, Duration::ZERO));
    drop(store.publish(record, attempt, outcome("begun")));
    drop(store.complete(record, attempt, completion("done")));
    drop(store.release(record, attempt));
    drop(store.forget(record, attempt));
    reads(&*store, record, Some(running(&claim, false, None))).await;
}

/// The task of the first caller hangs, with the step under way. Somebody else sends the same step again.
pub async fn a_step_whose_caller_hangs_does_not_hold_up_its_repetition(harness: &impl Harness) {
    let store = harness.open().await;
    for life in LIVES {
        let claim = new_claim();
        for step in life {
            let mut hanging = pin!(step.send(&*store, &claim));
            begin(hanging.as_mut()).await;
            step.answers(&*store, &claim).await;
        }
        ended(&*store, &claim, life).await;
    }
}

/// A step that was begun and left is done or not done, and its attempt goes on at once.
pub async fn a_step_whose_caller_left_does_not_hold_up_its_repetition(harness: &impl Harness) {
    let store = harness.open().await;
    for life in LIVES.iter().cycle().take(30) {
        let claim = new_claim();
        for step in *life {
            begin(pin!(step.send(&*store, &claim))).await;
            step.answers(&*store, &claim).await;
        }
        ended(&*store, &claim, life).await;
    }
}

/// However late a claim is executed whose caller left, it takes the record from nobody who came meanwhile.
pub async fn a_claim_whose_caller_left_is_withdrawn_at_once(harness: &impl Harness) {
    let store = harness.open().await;
    for _ in 0..30 {
        let left = new_claim();
        begin(pin!(Step::Claim.send(&*store, &left))).await;
        Step::Withdraw.answers(&*store, &left).await;
        let other = retry(&left);
        Step::Claim.answers(&*store, &other).await;
        complete(&*store, &other, "done").await;
        find(&*store, &left, done(&other, "done")).await;
    }
}

/// A connection is silent, and the store healthy. Only where the harness can [make a step hang](Harness::hang_next_step).
pub async fn a_hung_step_does_not_hold_up_its_own_repetition(harness: &impl Harness) {
    let store = harness.open().await;
    for life in LIVES {
        let claim = new_claim();
        // What opens connections does so before one of them hangs.
        reads(&*store, claim.record, None).await;
        for &step in life {
            let Some(hung) = harness.hang_next_step() else {
                return;
            };
            let (hanging, asked) = (Arc::clone(&store), claim.clone());
            let caller = tokio::spawn(async move { step.send(&*hanging, &asked).await });
            hung.await;
            step.answers(&*store, &claim).await;
            caller.abort();
        }
        ended(&*store, &claim, life).await;
    }
}
