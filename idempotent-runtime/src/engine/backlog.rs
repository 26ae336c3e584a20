//! What the store could not be told in time, and is told in the background.
//!
//! Two things end up here: claims whose answer nobody knows, to be withdrawn, and what attempts had to tell when their
//! leases ended. Nothing of it is urgent and all of it is fenced, so it goes out a little at a time, more slowly while the
//! store fails, and is bounded in number, in bytes and in time.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Notify;

use super::complaints::INTERVAL;
use super::steps::{CLAIM_PATIENCE, silence, within};
use super::waiting::jitter;
use crate::clock::Clock;
use crate::identity::{AttemptId, RecordId};
use crate::store::{Claim, Completion, Fence, Store, StoreError};

/// How many errands wait at most.
const MOST: usize = 10_000;
/// How many bytes of outcomes they hold at most.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// How many are sent at a time.
const AT_A_TIME: usize = 8;
/// How long each is tried.
const GIVEN_UP_AFTER: Duration = Duration::from_mins(15);
/// The first pause after all that were sent have failed; each pause after it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// The longest pause while somebody waits for the end, or an outcome waits: a retry that comes first runs the handler again.
const LONGEST_PAUSE_AT_THE_END: Duration = Duration::from_secs(1);

/// What an attempt still has to tell its record.
#[derive(Clone, Debug)]
pub(crate) enum Errand {
    /// Nothing ran under the claim.
    Withdraw(Claim),
    EndLease,
    Release,
    Complete(Completion),
}

/// The errands of a handle.
pub(crate) struct Backlog {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Tells that nothing waits any more.
    emptied: Notify,
    /// Tells the worker that somebody waits for the end.
    hurried: Notify,
}

#[derive(Default)]
struct State {
    /// Those that matter most come last.
    waiting: [VecDeque<Waiting>; 4],
    sent: Vec<Waiting>,
    bytes: usize,
    working: bool,
    /// How many wait for the end.
    hurry: usize,
    spoken: Option<Duration>,
    done: usize,
    given_up: usize,
}

#[derive(Clone)]
struct Waiting {
    record: RecordId,
    attempt: AttemptId,
    errand: Errand,
    since: Duration,
}

impl Backlog {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            state: Mutex::default(),
            emptied: Notify::new(),
            hurried: Notify::new(),
        }
    }

    /// Has a claim withdrawn.
    pub(super) fn withdraw(self: &Arc<Self>, claim: Claim) {
        self.push(claim.record, claim.attempt, Errand::Withdraw(claim));
    }

    /// Has an attempt's record told. Must be called on a runtime.
    pub(super) fn push(self: &Arc<Self>, record: RecordId, attempt: AttemptId, errand: Errand) {
        let waiting = Waiting {
            record,
            attempt,
            errand,
            since: self.clock.monotonic(),
        };
        let mut state = self.lock();
        state.push_back(waiting);
        state.keep_within_bounds();
        drop(state);
        self.start();
    }

    /// Starts a worker where there is something to do and none works. Must be called on a runtime.
    fn start(self: &Arc<Self>) {
        let mut state = self.lock();
        let starts = !state.is_empty() && !std::mem::replace(&mut state.working, true);
        drop(state);
        if starts {
            let working = Working {
                backlog: Arc::clone(self),
                finished: false,
            };
            tokio::spawn(working.work());
        }
    }

    /// Returns once the backlog is empty. Makes the worker hurry until then.
    pub(crate) async fn finished(self: &Arc<Self>) {
        // The runtime of the one that worked may have ended.
        self.start();
        self.lock().hurry += 1;
        let _hurry = Hurry(self);
        self.hurried.notify_one();
        loop {
            let emptied = self.emptied.notified();
            tokio::pin!(emptied);
            emptied.as_mut().enable();
            if self.lock().is_empty() {
                return;
            }
            emptied.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works until nothing waits. What it has in hand stays in the state, so that nothing is lost when it is dropped.
    async fn work(&self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let batch = self.take();
            if batch.is_empty() {
                return;
            }
            let batch_len = batch.len();
            let answers = join_all(batch.iter().map(|it| self.send(it))).await;
            let failed = answers.iter().filter(|it| it.is_err()).count();
            self.settle(batch, answers);
            if failed < batch_len {
                pause = FIRST_PAUSE;
            }
            if failed == 0 {
                continue;
            }
            let most = if self.lock().is_urgent() {
                LONGEST_PAUSE_AT_THE_END
            } else {
                LONGEST_PAUSE
            };
            tokio::select! {
                () = self.clock.sleep(jitter(pause.min(most))) => {}
                () = self.hurried.notified() => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn take(&self) -> Vec<Waiting> {
        let mut state = self.lock();
        for _ in 0..AT_A_TIME {
            match state.pop_front() {
                Some(next) => state.sent.push(next),
                None => break,
            }
        }
        if state.sent.is_empty() {
            state.working = false;
            self.emptied.notify_waiters();
        }
        state.sent.clone()
    }

    async fn send(&self, waiting: &Waiting) -> Result<Fence, StoreError> {
        let Waiting {
            record, attempt, ..
        } = *waiting;
        let step = match &waiting.errand {
            Errand::Withdraw(claim) => self.store.withdraw(claim.clone()),
            Errand::EndLease => self.store.renew(record, attempt, Duration::ZERO),
            Errand::Release => self.store.release(record, attempt),
            Errand::Complete(completion) => {
                self.store.complete(record, attempt, completion.clone())
            }
        };
        let answer = within(&*self.clock, CLAIM_PATIENCE, step).await;
        answer.unwrap_or_else(|| Err(silence()))
    }

    /// Handles the answers to a batch. Errands that failed go back in the queue, unless trying again is pointless.
    fn settle(&self, batch: Vec<Waiting>, answers: Vec<Result<Fence, StoreError>>) {
        let now = self.clock.monotonic();
        let mut last_error = None;
        let mut state = self.lock();
        state.sent.clear();
        for (mut waiting, answer) in batch.into_iter().zip(answers) {
            let Err(error) = answer else {
                if matches!(
                    (&waiting.errand, answer),
                    (Errand::Complete(_), Ok(Fence::Lost))
                ) {
                    tracing::warn!(record = %waiting.record, attempt = %waiting.attempt, "an outcome that waited in the background is refused: the record is no longer its attempt's, and the handler may have run twice");
                }
                state.forget(&waiting);
                state.done += 1;
                continue;
            };
            let fits = error.is_too_large() && waiting.drop_outcome(&mut state.bytes);
            let in_time = now.saturating_sub(waiting.since) < GIVEN_UP_AFTER;
            if fits || (error.is_unavailable() && in_time) {
                state.put_back(waiting);
            } else {
                tracing::debug!(record = %waiting.record, "the store could not be told in the background");
                state.forget(&waiting);
                state.given_up += 1;
            }
            last_error = Some(error);
        }
        if let Some(error) = last_error {
            state.speak(now, &error);
        }
    }
}

impl Waiting {
    /// How much it matters. A lease ends by itself, and what was claimed under `rerun` may be taken over then.
    fn rank(&self) -> usize {
        match &self.errand {
            Errand::EndLease => 0,
            Errand::Withdraw(claim) if claim.keep_abandoned.is_some() => 0,
            Errand::Withdraw(_) => 1,
            Errand::Release => 2,
            Errand::Complete(_) => 3,
        }
    }

    fn bytes(&self) -> usize {
        match &self.errand {
            Errand::Complete(Completion {
                outcome: Some(outcome),
                ..
            }) => outcome.body().len(),
            _ => 0,
        }
    }

    /// Lets a completion say that the outcome was not kept. Whether there was one.
    fn drop_outcome(&mut self, held: &mut usize) -> bool {
        let bytes = self.bytes();
        match &mut self.errand {
            Errand::Complete(completion) => {
                *held -= bytes;
                completion.outcome.take().is_some()
            }
            _ => false,
        }
    }
}

impl State {
    fn len(&self) -> usize {
        self.sent.len() + self.waiting.iter().map(VecDeque::len).sum::<usize>()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it should be tried every second: somebody waits for the end, or an outcome that a retry may ask for.
    fn is_urgent(&self) -> bool {
        self.hurry > 0 || !self.waiting[3].is_empty()
    }

    fn push_back(&mut self, waiting: Waiting) {
        self.bytes += waiting.bytes();
        self.waiting[waiting.rank()].push_back(waiting);
    }

    fn put_back(&mut self, waiting: Waiting) {
        self.waiting[waiting.rank()].push_back(waiting);
    }

    fn pop_front(&mut self) -> Option<Waiting> {
        self.waiting.iter_mut().rev().find_map(VecDeque::pop_front)
    }

    fn forget(&mut self, waiting: &Waiting) {
        self.bytes -= waiting.bytes();
    }

    /// Gives up the oldest of those that matter least; of too many bytes, the oldest completions.
    fn keep_within_bounds(&mut self) {
        while self.len() > MOST {
            let Some(oldest) = self.waiting.iter_mut().find_map(VecDeque::pop_front) else {
                return;
            };
            self.forget(&oldest);
            self.given_up += 1;
        }
        while self.bytes > MOST_BYTES {
            let Some(oldest) = self.waiting[3].pop_front() else {
                return;
            };
            self.forget(&oldest);
            self.given_up += 1;
        }
    }

    /// Says how it stands, unless that was said a moment ago.
    fn speak(&mut self, now: Duration, error: &StoreError) {
        if self.spoken.is_some_and(|then| now < then + INTERVAL) {
            return;
        }
        self.spoken = Some(now);
        tracing::warn!(
            error = error as &dyn std::error::Error,
            waiting = self.len(),
            done = std::mem::take(&mut self.done),
            given_up = std::mem::take(&mut self.given_up),
            "the store fails; what it could not be told waits in the background"
        );
    }
}

/// The worker. One that panicked, or whose runtime ended, leaves what it had in hand to the next.
struct Working {
    backlog: Arc<Backlog>,
    finished: bool,
}

impl Working {
    async fn work(mut self) {
        self.backlog.work().await;
        self.finished = true;
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let mut state = self.backlog.lock();
        for waiting in std::mem::take(&mut state.sent) {
            state.put_back(waiting);
        }
        state.working = false;
    }
}

/// Somebody waits for the end.
struct Hurry<'a>(&'a Backlog);

impl Drop for Hurry<'_> {
    fn drop(&mut self) {
        self.0.lock().hurry -= 1;
    }
}

impl fmt::Debug for Backlog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backlog")
            .field("waiting", &self.lock().len())
            .finish_non_exhaustive()
    }
}
