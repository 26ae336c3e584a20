//! Sending a step to the store: for how long, and what to do about a connection that hangs.
//!
//! Every step can be repeated at once and on another connection. So a step that isn't answered soon is sent a second
//! time while the first is still under way, and whichever is answered first counts. One silent connection then costs a
//! call half a second, not its lease. How many are sent twice is bounded by a [`Budget`].

use std::task::Poll;
use std::time::Duration;

use tokio::select;

use super::budget::Budget;
use super::jitter::jitter;
use crate::clock::Clock;
use crate::store::{StoreError, StoreFuture};

/// How long a step goes unanswered before it is sent a second time.
const HEDGE_AFTER: Duration = Duration::from_millis(500);
/// The first pause between two tries of a step that failed; each pause after it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long a call waits for the store before it holds anything, where its lease is not shorter.
pub(super) const CLAIM_PATIENCE: Duration = Duration::from_secs(5);
/// How long any other step waits for the store, though the lease has less left.
pub(super) const SHORTEST_PATIENCE: Duration = Duration::from_secs(1);

/// How a step went that was sent once, or twice side by side.
#[derive(Debug)]
pub(super) struct Sent<T> {
    pub(super) answer: Result<T, StoreError>,
    /// Whether one of the two may take effect though nobody knows its answer.
    pub(super) unanswered: bool,
}

/// Sends a step, and once more side by side if it isn't answered soon and the budget allows it. The first answer counts, and
/// an error that trying again can't help is an answer; the other sending is dropped.
pub(super) async fn send_twice<'s, T>(
    clock: &dyn Clock,
    budget: &Budget,
    patience: Duration,
    step: impl Fn() -> StoreFuture<'s, T>,
) -> Sent<T> {
    budget.earn();
    let mut first = step();
    // A store that answers at once costs no timer.
    if let Poll::Ready(answer) = futures_util::poll!(&mut first) {
        return Sent::answered(answer);
    }
    let hedge_after = HEDGE_AFTER.min(patience / 2);
    select! {
        biased;
        answer = &mut first => return Sent::answered(answer),
        () = clock.sleep(hedge_after) => {}
    }
    if !budget.spend() {
        let answer = within(clock, patience.saturating_sub(hedge_after), first).await;
        return Sent::answered(answer.unwrap_or_else(|| Err(silence())));
    }
    let mut second = step();
    let both = async {
        let (failed, other) = select! {
            biased;
            answer = &mut first => (answer, &mut second),
            answer = &mut second => (answer, &mut first),
        };
        match failed {
            Err(error) if error.is_unavailable() => {
                let answer = other.await;
                Sent {
                    unanswered: error.is_unknown() || unknown(&answer),
                    answer,
                }
            }
            answer => Sent {
                answer,
                unanswered: true,
            },
        }
    };
    select! {
        biased;
        sent = both => sent,
        () = clock.sleep(patience.saturating_sub(hedge_after)) => Sent::answered(Err(silence())),
    }
}

impl<T> Sent<T> {
    fn answered(answer: Result<T, StoreError>) -> Self {
        Self {
            unanswered: unknown(&answer),
            answer,
        }
    }
}

fn unknown<T>(answer: &Result<T, StoreError>) -> bool {
    answer.as_ref().is_err_and(StoreError::is_unknown)
}

/// Sends a step until it is answered: at least once, and for at most `time`. Calls `failed` for each try that failed.
///
/// The step may have taken effect without an answer. Steps are safe to repeat.
///
/// # Errors
///
/// The error of the last try, or the first error that trying again can't help.
pub(super) async fn persist<'s, T>(
    clock: &dyn Clock,
    budget: &Budget,
    time: Duration,
    longest_round: Duration,
    step: impl Fn() -> StoreFuture<'s, T>,
    failed: impl Fn(&StoreError),
) -> Result<T, StoreError> {
    let until = clock.monotonic() + time;
    let mut pause = FIRST_PAUSE;
    loop {
        let left = until.saturating_sub(clock.monotonic());
        // Even where the time is up the store gets time to answer: it may still be this attempt's record.
        let patience = left.min(longest_round).max(SHORTEST_PATIENCE);
        let error = match send_twice(clock, budget, patience, &step).await.answer {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        failed(&error);
        let left = until.saturating_sub(clock.monotonic());
        if !error.is_unavailable() || left <= pause {
            return Err(error);
        }
        clock.sleep(jitter(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// A pause before a step is sent again that may have taken effect.
pub(super) async fn pause(clock: &dyn Clock) {
    clock.sleep(FIRST_PAUSE).await;
}

/// Asks the store for a call that holds nothing.
pub(crate) async fn ask<T>(clock: &dyn Clock, step: StoreFuture<'_, T>) -> Result<T, StoreError> {
    let answer = within(clock, CLAIM_PATIENCE, step).await;
    answer.unwrap_or_else(|| Err(silence()))
}

/// The answer to a step, if it comes in this time.
pub(super) async fn within<F: Future + Unpin>(
    clock: &dyn Clock,
    time: Duration,
    mut step: F,
) -> Option<F::Output> {
    // A store that answers at once costs no timer.
    if let Poll::Ready(answer) = futures_util::poll!(&mut step) {
        return Some(answer);
    }
    select! {
        biased;
        answer = step => Some(answer),
        () = clock.sleep(time) => None,
    }
}

pub(super) fn silence() -> StoreError {
    StoreError::unknown("the store did not answer in time")
}
