//! Holding a record: the heartbeat, and the holder's own judgement of how long it still may.

use std::convert::Infallible;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::Notify;

use super::Ticket;
use super::waiting::{Announcement, Board, jitter};
use crate::clock::Clock;
use crate::fingerprint::Fingerprint;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Outcome;
use crate::store::{Fence, Record, State, Store, StoreError, StoreFuture};

/// The first pause between two tries of a step that failed; each pause after it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long a call waits for the store before it holds anything, where its lease is not shorter.
const CLAIM_PATIENCE: Duration = Duration::from_secs(5);
/// How often a claim is sent.
const CLAIMS_SENT: u32 = 2;
/// How long any other step waits for the store, though the lease has less left.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(1);

/// A record that an attempt holds.
///
/// The holder does not know the store's clock. It counts monotonic time from when it *sent* the last renewal that
/// succeeded, which is before the store can have granted it: so it never believes in a lease that the store has ended.
pub(crate) struct Lease {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    record: RecordId,
    fingerprint: Fingerprint,
    attempt: AttemptId,
    length: Duration,
    /// Microseconds of the clock's monotonic time.
    sent: AtomicU64,
    loss: Loss,
    published: AtomicBool,
    announcement: OnceLock<Announcement>,
}

/// Whether the lease was lost, once and for all: a lease that is renewed after it ran out was lost in between.
#[derive(Default)]
struct Loss {
    happened: AtomicBool,
    notify: Notify,
}

impl Loss {
    fn tell(&self) {
        self.happened.store(true, Ordering::Release);
        self.notify.notify_waiters();
    }

    async fn told(&self) {
        let notified = self.notify.notified();
        tokio::pin!(notified);
        // Whoever listens first and looks then misses nothing.
        notified.as_mut().enable();
        if !self.happened.load(Ordering::Acquire) {
            notified.await;
        }
    }
}

impl Lease {
    pub(super) fn new(ticket: &Ticket, attempt: AttemptId) -> Self {
        Self {
            store: Arc::clone(ticket.idempotency.store()),
            clock: Arc::clone(&ticket.idempotency.settings().clock),
            record: ticket.record,
            attempt,
            fingerprint: ticket.fingerprint,
            length: ticket.policy.lease,
            sent: AtomicU64::new(0),
            loss: Loss::default(),
            published: AtomicBool::new(false),
            announcement: OnceLock::new(),
        }
    }

    pub(crate) fn record(&self) -> RecordId {
        self.record
    }

    pub(crate) fn attempt(&self) -> AttemptId {
        self.attempt
    }

    /// Ends once the lease is lost: another attempt has the record, or no renewal came through in time.
    pub(crate) async fn lost(&self) {
        self.loss.told().await;
    }

    /// Whether a provisional outcome may stand on the record, which then is never given back.
    pub(super) fn is_published(&self) -> bool {
        self.published.load(Ordering::Relaxed)
    }

    /// Says that the attempt from which the record was taken over had published.
    pub(super) fn set_published(&self) {
        self.published.store(true, Ordering::Relaxed);
    }

    /// Lets duplicates of this process wait for the attempt.
    pub(super) fn announce(&self, board: &Arc<Board>) {
        self.announcement
            .get_or_init(|| board.announce(self.record, self.attempt));
    }

    /// Tells the duplicates that wait how the attempt ended.
    pub(super) fn announce_end(&self, state: Option<State>) {
        if let Some(announcement) = self.announcement.get() {
            announcement.ended(state.map(|state| self.in_state(state)));
        }
    }

    /// Puts a provisional outcome on the record and shows it to the duplicates that wait.
    pub(crate) async fn publish(&self, outcome: Outcome) -> Option<Fence> {
        // Also where no answer comes: it may stand there.
        self.set_published();
        let told = self
            .persist(|store, record, attempt| store.publish(record, attempt, outcome.clone()))
            .await;
        if let (Some(Fence::Held), Some(announcement)) = (told, self.announcement.get()) {
            let state = State::Running {
                provisional: Some(outcome),
                abandoned: false,
            };
            announcement.published(self.in_state(state));
        }
        told
    }

    fn in_state(&self, state: State) -> Record {
        Record::new(self.fingerprint, self.attempt, state)
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// A pause before a step is sent again.
    pub(super) async fn pause(&self) {
        self.clock.sleep(FIRST_PAUSE).await;
    }

    /// How much of the lease is left by the holder's own judgement.
    fn left(&self) -> Duration {
        let sent = Duration::from_micros(self.sent.load(Ordering::Relaxed));
        self.length
            .saturating_sub(self.clock.monotonic().saturating_sub(sent))
    }

    /// Sends the claim that starts the lease. An answer that takes longer than the lease is worth nothing, and a client
    /// that waits is told soon that the store is not there.
    pub(super) async fn send<'s, T>(
        &'s self,
        claim: impl FnOnce(&'s dyn Store) -> StoreFuture<'s, T>,
    ) -> Result<T, StoreError> {
        self.sent
            .store(micros(self.clock.monotonic()), Ordering::Relaxed);
        let patience = self.length.min(CLAIM_PATIENCE) / CLAIMS_SENT;
        match self.within(patience, claim(&*self.store)).await {
            Some(answer) => answer,
            None => Err(StoreError::unknown("the store did not answer in time")),
        }
    }

    /// Renews the lease at a third of its length, for as long as it is polled. Tries sooner again after a failure, and
    /// goes on when the lease has run out: until somebody else claims the record, it can still be renewed.
    ///
    /// Waits for ever once the record is lost.
    pub(super) async fn keep_alive(&self) -> Infallible {
        let interval = self.length / 3;
        let mut pause = interval;
        loop {
            self.clock.sleep(self.not_beyond_the_end(pause)).await;
            let sent = self.clock.monotonic();
            let renewal = self.store.renew(self.record, self.attempt, self.length);
            let renewed = self
                .within(self.not_beyond_the_end(interval), renewal)
                .await;
            pause = match renewed {
                Some(Ok(Fence::Held)) => {
                    self.sent.store(micros(sent), Ordering::Relaxed);
                    interval
                }
                Some(Ok(Fence::Lost)) => {
                    tracing::warn!(record = %self.record, "the attempt lost its record; its outcome will not be kept");
                    self.loss.tell();
                    self.announce_end(None);
                    std::future::pending().await
                }
                failed => {
                    self.log_failure("renewed", failed);
                    interval / 4
                }
            };
            if self.left().is_zero() {
                self.loss.tell();
            }
        }
    }

    /// A time that does not pass over the end of the lease, so that its loss is told when it happens. Once the lease has
    /// run out, any time will do.
    fn not_beyond_the_end(&self, time: Duration) -> Duration {
        match self.left() {
            Duration::ZERO => time,
            left => time.min(left),
        }
    }

    /// Ends the lease at once, so that the record counts as abandoned. Best effort: it ends by itself otherwise.
    pub(super) async fn end(&self) -> Option<Fence> {
        let ended = self
            .persist(|store, record, attempt| store.renew(record, attempt, Duration::ZERO))
            .await;
        if ended.is_none() {
            tracing::warn!(record = %self.record, "the lease could not be ended early; the key is free when it runs out");
        }
        ended
    }

    /// Sends a step until it is answered, at least once and for as long as the lease lasts; `None` if it never was.
    ///
    /// The step may have taken effect without an answer. Steps are safe to repeat.
    pub(super) async fn persist<'s, T>(
        &'s self,
        step: impl Fn(&'s dyn Store, RecordId, AttemptId) -> StoreFuture<'s, T>,
    ) -> Option<T> {
        self.persist_for(self.left(), step).await
    }

    /// The same for another time than the lease's.
    pub(super) async fn persist_for<'s, T>(
        &'s self,
        time: Duration,
        step: impl Fn(&'s dyn Store, RecordId, AttemptId) -> StoreFuture<'s, T>,
    ) -> Option<T> {
        let until = self.clock.monotonic() + time;
        let mut pause = FIRST_PAUSE;
        loop {
            let left = until.saturating_sub(self.clock.monotonic());
            // A step that hangs is sent again while there is time, as one that fails is. Even where the lease has run out
            // the store gets time to answer: it may still be this attempt's record.
            let patience = left.min(self.length / 3).max(SHORTEST_PATIENCE);
            match self
                .within(patience, step(&*self.store, self.record, self.attempt))
                .await
            {
                Some(Ok(answer)) => return Some(answer),
                Some(Err(error)) if !error.is_unavailable() => {
                    self.log_failure::<T>("written", Some(Err(error)));
                    return None;
                }
                failed => self.log_failure("written", failed),
            }
            let left = until.saturating_sub(self.clock.monotonic());
            if left <= pause {
                return None;
            }
            self.clock.sleep(jitter(pause)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// What the record says now, if the store tells it in time.
    pub(super) async fn load(&self) -> Result<Option<Record>, StoreError> {
        let patience = self.length.max(SHORTEST_PATIENCE);
        let answer = self.within(patience, self.store.load(self.record)).await;
        answer.unwrap_or_else(|| Err(StoreError::unknown("the store did not answer in time")))
    }

    /// A step's answer, if it comes within so much time.
    async fn within<T>(
        &self,
        time: Duration,
        step: StoreFuture<'_, T>,
    ) -> Option<Result<T, StoreError>> {
        within(&*self.clock, time, step).await
    }

    fn log_failure<T>(&self, what: &str, failed: Option<Result<T, StoreError>>) {
        let record = self.record;
        match failed {
            Some(Err(error)) => {
                tracing::warn!(%record, error = &error as &dyn std::error::Error, "the record could not be {what}");
            }
            _ => {
                tracing::warn!(%record, "the record could not be {what}: the store did not answer in time");
            }
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("record", &self.record)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Asks the store for a call that holds nothing.
pub(super) async fn ask<T>(clock: &dyn Clock, step: StoreFuture<'_, T>) -> Result<T, StoreError> {
    let answer = within(clock, CLAIM_PATIENCE, step).await;
    answer.unwrap_or_else(|| Err(StoreError::unknown("the store did not answer in time")))
}

async fn within<T>(
    clock: &dyn Clock,
    time: Duration,
    mut step: StoreFuture<'_, T>,
) -> Option<Result<T, StoreError>> {
    // A store that answers at once costs no timer.
    if let std::task::Poll::Ready(answer) = futures_util::poll!(&mut step) {
        return Some(answer);
    }
    tokio::select! {
        biased;
        answer = step => Some(answer),
        () = clock.sleep(time) => None,
    }
}
