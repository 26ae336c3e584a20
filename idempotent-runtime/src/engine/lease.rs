//! Holding a record: what an attempt tells its record, and the holder's own judgement of how long it still may.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::Notify;

use super::complaints::{Failed, micros};
use super::heartbeat::Slot;
use super::steps::{CLAIM_PATIENCE, SHORTEST_PATIENCE, persist, send_twice};
use super::waiting::{Announcement, Waiters};
use super::{Backlog, ClaimRequest, Engine, Errand};
use crate::clock::Clock;
use crate::fingerprint::Fingerprint;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Outcome;
use crate::store::{Claim, Completion, Fence, Record, State, Store, StoreError, StoreFuture};

/// A record that an attempt holds.
///
/// The holder does not know the store's clock. It counts monotonic time from when it *sent* the last renewal that
/// succeeded, which is before the store can have granted it: so it never believes in a lease that the store has ended.
pub(crate) struct Lease {
    engine: Arc<Engine>,
    record: RecordId,
    fingerprint: Fingerprint,
    attempt: AttemptId,
    length: Duration,
    /// Microseconds of the clock's monotonic time.
    sent: AtomicU64,
    slot: Slot,
    loss: LostSignal,
    /// How many provisional outcomes may stand on the record, one after the other.
    published: AtomicU32,
    announcement: OnceLock<Announcement>,
}

/// Whether the lease was lost, once and for all: a lease that is renewed after it ran out was lost in between.
#[derive(Default)]
struct LostSignal {
    happened: AtomicBool,
    notify: Notify,
}

impl LostSignal {
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
    /// The lease of a claim that was sent at this time.
    pub(super) fn new(request: &ClaimRequest, claim: &Claim, sent: Duration) -> Self {
        Self {
            engine: Arc::clone(&request.engine),
            record: claim.record,
            attempt: claim.attempt,
            fingerprint: claim.fingerprint,
            length: claim.lease,
            sent: AtomicU64::new(micros(sent)),
            slot: Slot::default(),
            loss: LostSignal::default(),
            published: AtomicU32::new(0),
            announcement: OnceLock::new(),
        }
    }

    pub(crate) fn record(&self) -> RecordId {
        self.record
    }

    pub(crate) fn attempt(&self) -> AttemptId {
        self.attempt
    }

    pub(super) fn length(&self) -> Duration {
        self.length
    }

    pub(super) fn slot(&self) -> &Slot {
        &self.slot
    }

    pub(super) fn store(&self) -> &dyn Store {
        self.engine.store()
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        self.engine.clock()
    }

    /// When the claim or the last renewal that succeeded was sent.
    pub(super) fn sent(&self) -> Duration {
        Duration::from_micros(self.sent.load(Ordering::Relaxed))
    }

    /// When the lease ends by the holder's own judgement.
    pub(super) fn end(&self) -> Duration {
        self.sent().saturating_add(self.length)
    }

    /// How much of the lease is left by the holder's own judgement.
    fn left(&self) -> Duration {
        self.end().saturating_sub(self.clock().monotonic())
    }

    /// Whether the lease has ended by the holder's own judgement, so that another attempt may have the record.
    pub(super) fn has_ended(&self) -> bool {
        self.left().is_zero()
    }

    /// Says that the renewal succeeded that was sent at this time.
    pub(super) fn renewed(&self, sent: Duration) {
        self.sent.fetch_max(micros(sent), Ordering::Relaxed);
    }

    /// Ends once the lease is lost: another attempt has the record, or no renewal came through in time.
    pub(crate) async fn lost(&self) {
        self.loss.told().await;
    }

    /// Says that the lease is lost, to the handler and to the duplicates that wait.
    pub(super) fn tell_lost(&self) {
        self.loss.tell();
        self.announce_end(None);
    }

    /// Whether a provisional outcome may stand on the record, which then is never given back.
    pub(super) fn is_published(&self) -> bool {
        self.published.load(Ordering::Relaxed) > 0
    }

    /// Says that a provisional outcome may stand on the record, such as one of the attempt from which it was taken over.
    pub(super) fn set_published(&self) {
        self.published.fetch_add(1, Ordering::Relaxed);
    }

    /// Lets duplicates of this process wait for the attempt.
    pub(super) fn announce(&self, waiters: &Arc<Waiters>) {
        self.announcement
            .get_or_init(|| waiters.announce(self.record, self.attempt));
    }

    /// Tells the duplicates that wait how the attempt ended.
    pub(super) fn announce_end(&self, state: Option<State>) {
        if let Some(announcement) = self.announcement.get() {
            announcement.ended(state.map(|state| self.in_state(state)));
        }
    }

    /// Puts a provisional outcome on the record and shows it to the duplicates that wait.
    pub(crate) async fn publish(&self, outcome: Outcome) -> Result<Fence, StoreError> {
        // Also where no answer comes: it may stand there.
        self.set_published();
        let told = self
            .persist(|store, record, attempt| store.publish(record, attempt, outcome.clone()))
            .await;
        if told.as_ref().is_err_and(StoreError::is_too_large) {
            self.published.fetch_sub(1, Ordering::Relaxed);
        }
        if let (Ok(Fence::Held), Some(announcement)) = (&told, self.announcement.get()) {
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

    /// Completes the record where the store answers at once. `None`: nothing was done.
    pub(super) fn complete_now(&self, completion: &Completion) -> Option<Fence> {
        self.store()
            .complete_now(self.record, self.attempt, completion)
    }

    /// Ends the lease, so that the record counts as abandoned. `None`: the store hasn't said that it did, and will be told
    /// in the background.
    pub(super) async fn end_now(&self) -> Option<Fence> {
        let time = self.left().min(SHORTEST_PATIENCE);
        let ended = self
            .persist_for(time, |store, record, attempt| {
                store.renew(record, attempt, Duration::ZERO)
            })
            .await;
        if ended.as_ref().is_err_and(StoreError::is_unavailable) {
            self.leave_to(&self.engine.backlog, Errand::EndLease);
        }
        ended.ok()
    }

    /// Has the store told in the background what it could not be told in time.
    pub(super) fn leave_to(&self, backlog: &Arc<Backlog>, errand: Errand) {
        backlog.push(self.record, self.attempt, errand);
    }

    /// Sends a step until it is answered, at least once and for as long as the lease lasts.
    ///
    /// The step may have taken effect without an answer. Steps are safe to repeat.
    pub(super) async fn persist<'s, T>(
        &'s self,
        step: impl Fn(&'s dyn Store, RecordId, AttemptId) -> StoreFuture<'s, T>,
    ) -> Result<T, StoreError> {
        self.persist_for(self.left(), step).await
    }

    async fn persist_for<'s, T>(
        &'s self,
        time: Duration,
        step: impl Fn(&'s dyn Store, RecordId, AttemptId) -> StoreFuture<'s, T>,
    ) -> Result<T, StoreError> {
        let step = || step(self.store(), self.record, self.attempt);
        let failed = |error: &StoreError| {
            let complaints = &self.engine.complaints;
            complaints.complain(self.clock(), Failed::Step, error);
        };
        let budget = &self.engine.budgets.attempts;
        persist(self.clock(), budget, time, self.length / 3, step, failed).await
    }

    /// What the record says now, if the store tells it in time.
    pub(super) async fn load(&self) -> Result<Option<Record>, StoreError> {
        let load = || self.store().load(self.record);
        let budget = &self.engine.budgets.attempts;
        let sent = send_twice(self.clock(), budget, CLAIM_PATIENCE, load).await;
        sent.answer
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
