//! What the store could not be told in time, and is told in the background.
//!
//! Two things end up here: claims whose answer nobody knows, to be withdrawn, and what attempts had to tell when their
//! leases ended. Nothing of it is urgent and all of it is fenced, so it goes out a little at a time, more slowly while the
//! store fails, and is bounded in number, in bytes and in time.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::complaints::INTERVAL;
use super::jitter::jitter;
use super::steps::{CLAIM_PATIENCE, silence, within};
use crate::clock::Clock;
use crate::identity::{AttemptId, RecordId};
use crate::store::{Claim, Completion, Fence, Store, StoreError};

/// How many errands wait at most.
const MOST: usize = 10_000;
/// How many bytes of outcomes they hold at most.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// How many are under way at a time.
const AT_A_TIME: usize = 8;
/// How long each is tried.
const GIVEN_UP_AFTER: Duration = Duration::from_mins(15);
/// Every how many it is the turn of the one that has waited longest, however little it matters.
const OLDEST_EVERY: usize = 4;
/// The first pause after one has failed; each pause after it is twice as long, until one succeeds.
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
    /// Whether the worker ended before its work did.
    stalled: Arc<AtomicBool>,
}

#[derive(Default)]
struct State {
    /// Those that matter most come last.
    waiting: [VecDeque<Waiting>; 4],
    /// Those under way, by a number that each gets when it is sent.
    sent: Vec<(usize, Waiting)>,
    turns: usize,
    bytes: usize,
    working: bool,
    /// How many wait for the end.
    hurry: usize,
    spoken: Option<Duration>,
    done: usize,
    given_up: usize,
    /// How many outcomes were dropped for want of room. They are recorded as not kept.
    not_kept: usize,
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
            stalled: Arc::default(),
        }
    }

    /// What has it go on where the runtime of its worker has ended.
    pub(crate) fn watch(self: &Arc<Self>) -> Watch {
        Watch {
            backlog: Arc::downgrade(self),
            stalled: Arc::clone(&self.stalled),
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
        self.start_on(&Handle::current());
    }

    /// Starts a worker on this runtime where there is something to do and none works.
    fn start_on(self: &Arc<Self>, runtime: &Handle) {
        let mut state = self.lock();
        let starts = !state.is_empty() && !std::mem::replace(&mut state.working, true);
        drop(state);
        if starts {
            self.stalled.store(false, Ordering::Relaxed);
            let working = Working {
                backlog: Arc::clone(self),
                finished: false,
            };
            runtime.spawn(working.work());
        }
    }

    /// Returns once the backlog is empty. Makes the worker hurry until then.
    pub(crate) async fn finished(self: &Arc<Self>) {
        // The runtime of the one that worked may have ended.
        self.start_on(&Handle::current());
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

    /// How many errands are left.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works until nothing waits. What it has in hand stays in the state, so that nothing is lost when it is dropped.
    async fn work(&self) {
        let mut pause = FIRST_PAUSE;
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < AT_A_TIME
                && let Some((number, waiting)) = self.take()
            {
                under_way.push(async move { (number, self.send(&waiting).await) });
            }
            let Some((number, answer)) = under_way.next().await else {
                if self.retires() {
                    return;
                }
                continue;
            };
            if self.settle(number, answer) {
                pause = FIRST_PAUSE;
                continue;
            }
            self.rest(pause, &mut under_way).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Sends nothing for a while. What is under way goes on.
    async fn rest(
        &self,
        pause: Duration,
        under_way: &mut FuturesUnordered<impl Future<Output = (usize, Result<Fence, StoreError>)>>,
    ) {
        let most = if self.lock().is_urgent() {
            LONGEST_PAUSE_AT_THE_END
        } else {
            LONGEST_PAUSE
        };
        let pausing = async {
            tokio::select! {
                () = self.clock.sleep(jitter(pause.min(most))) => {}
                () = self.hurried.notified() => {}
            }
        };
        tokio::pin!(pausing);
        loop {
            tokio::select! {
                biased;
                Some((number, answer)) = under_way.next() => {
                    self.settle(number, answer);
                }
                () = &mut pausing => return,
            }
        }
    }

    /// The next errand, and the number by which it is [settled](Self::settle).
    fn take(&self) -> Option<(usize, Waiting)> {
        let mut state = self.lock();
        state.turns = state.turns.wrapping_add(1);
        let next = if state.turns.is_multiple_of(OLDEST_EVERY) {
            state.pop_oldest()
        } else {
            state.pop_front()
        }?;
        let number = state.turns;
        state.sent.push((number, next.clone()));
        Some((number, next))
    }

    /// Ends the work, if nothing came in the meantime.
    fn retires(&self) -> bool {
        let mut state = self.lock();
        let is_empty = state.is_empty();
        if is_empty {
            state.working = false;
            self.emptied.notify_waiters();
        }
        is_empty
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

    /// Handles the answer to an errand, and says whether it is done. One that failed goes back in the queue, unless trying
    /// again is pointless.
    fn settle(&self, number: usize, answer: Result<Fence, StoreError>) -> bool {
        let now = self.clock.monotonic();
        let mut state = self.lock();
        let Some(at) = state.sent.iter().position(|(sent, _)| *sent == number) else {
            return true;
        };
        let (_, mut waiting) = state.sent.swap_remove(at);
        let error = match answer {
            Ok(fence) => {
                if fence == Fence::Lost && matches!(waiting.errand, Errand::Complete(_)) {
                    tracing::warn!(record = %waiting.record, attempt = %waiting.attempt, "an outcome that waited in the background is refused: the record is no longer its attempt's, and the handler may have run twice");
                }
                state.forget(&waiting);
                state.done += 1;
                return true;
            }
            Err(error) => error,
        };
        let fits = error.is_too_large() && waiting.drop_outcome(&mut state.bytes);
        let in_time = now.saturating_sub(waiting.since) < GIVEN_UP_AFTER;
        if fits || (error.is_unavailable() && in_time) {
            state.push(waiting);
        } else {
            tracing::debug!(record = %waiting.record, "the store could not be told in the background");
            state.forget(&waiting);
            state.given_up += 1;
        }
        state.speak(now, &error);
        false
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
        self.push(waiting);
    }

    fn push(&mut self, waiting: Waiting) {
        self.waiting[waiting.rank()].push_back(waiting);
    }

    fn pop_oldest(&mut self) -> Option<Waiting> {
        let queues = self.waiting.iter_mut();
        let oldest = queues.filter(|queue| !queue.is_empty());
        let oldest = oldest.min_by_key(|queue| queue.front().map(|first| first.since));
        oldest?.pop_front()
    }

    fn pop_front(&mut self) -> Option<Waiting> {
        self.waiting.iter_mut().rev().find_map(VecDeque::pop_front)
    }

    fn forget(&mut self, waiting: &Waiting) {
        self.bytes -= waiting.bytes();
    }

    /// Of too many errands, gives up the oldest of those that matter least. Of too many bytes, drops the bodies of the oldest
    /// outcomes: their records say that the outcome was not kept, and no retry runs the handler again.
    fn keep_within_bounds(&mut self) {
        while self.len() > MOST {
            let Some(oldest) = self.waiting.iter_mut().find_map(VecDeque::pop_front) else {
                return;
            };
            self.forget(&oldest);
            self.given_up += 1;
        }
        let (bytes, completions) = (&mut self.bytes, &mut self.waiting[3]);
        for completion in completions {
            if *bytes <= MOST_BYTES {
                return;
            }
            self.not_kept += usize::from(completion.drop_outcome(bytes));
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
            not_kept = std::mem::take(&mut self.not_kept),
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
        for (_, waiting) in std::mem::take(&mut state.sent) {
            state.push(waiting);
        }
        state.working = false;
        let is_stalled = !state.is_empty();
        self.backlog.stalled.store(is_stalled, Ordering::Relaxed);
    }
}

/// Has a backlog go on. It is held by the heartbeat's thread, which must not drop a store: that may need a runtime for it.
pub(crate) struct Watch {
    backlog: Weak<Backlog>,
    stalled: Arc<AtomicBool>,
}

impl Watch {
    /// Starts another worker on this runtime, if the one before ended too early.
    pub(super) fn go_on(&self, runtime: &Handle) {
        if self.stalled.load(Ordering::Relaxed) {
            let backlog = Weak::clone(&self.backlog);
            runtime.spawn(async move {
                if let Some(backlog) = backlog.upgrade() {
                    backlog.start_on(&Handle::current());
                }
            });
        }
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
