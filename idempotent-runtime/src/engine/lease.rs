//! Holding a record: the heartbeat, and the holder's own judgement of how long it still may.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Ticket;
use crate::clock::Clock;
use crate::identity::{AttemptId, RecordId};
use crate::store::{Fence, Store, StoreError, StoreFuture};

/// The first pause between two tries of a step that failed; each pause after it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A record that an attempt holds.
///
/// The holder does not know the store's clock. It counts monotonic time from when it *sent* the last renewal that
/// succeeded, which is before the store can have granted it: so it never believes in a lease that the store has ended.
pub(crate) struct Lease {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    record: RecordId,
    attempt: AttemptId,
    length: Duration,
    /// Microseconds of the clock's monotonic time.
    sent: AtomicU64,
}

impl Lease {
    pub(super) fn new(ticket: &Ticket, attempt: AttemptId) -> Self {
        Self {
            store: Arc::clone(ticket.idempotency.store()),
            clock: Arc::clone(&ticket.idempotency.settings().clock),
            record: ticket.record,
            attempt,
            length: ticket.policy.lease,
            sent: AtomicU64::new(0),
        }
    }

    pub(super) fn record(&self) -> RecordId {
        self.record
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(super) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// How much of the lease is left by the holder's own judgement.
    fn left(&self) -> Duration {
        let sent = Duration::from_micros(self.sent.load(Ordering::Relaxed));
        self.length
            .saturating_sub(self.clock.monotonic().saturating_sub(sent))
    }

    /// Sends the claim that starts the lease. An answer that takes longer than the lease is worth nothing.
    pub(super) async fn send<'s, T>(
        &'s self,
        claim: impl FnOnce(&'s dyn Store) -> StoreFuture<'s, T>,
    ) -> Result<T, StoreError> {
        self.sent
            .store(micros(self.clock.monotonic()), Ordering::Relaxed);
        match self.within(self.length, claim(&*self.store)).await {
            Some(answer) => answer,
            None => Err(StoreError::unavailable("the store did not answer in time")),
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
            self.clock.sleep(pause).await;
            let sent = self.clock.monotonic();
            pause = match self
                .within(
                    interval,
                    self.store.renew(self.record, self.attempt, self.length),
                )
                .await
            {
                Some(Ok(Fence::Held)) => {
                    self.sent.store(micros(sent), Ordering::Relaxed);
                    interval
                }
                Some(Ok(Fence::Lost)) => {
                    tracing::warn!(record = %self.record, "the attempt lost its record; its outcome will not be kept");
                    std::future::pending().await
                }
                failed => {
                    self.log_failure("renewed", failed);
                    interval / 4
                }
            };
        }
    }

    /// Ends the lease at once, so that the record counts as abandoned. Best effort: it ends by itself otherwise.
    pub(super) async fn end(&self) {
        let ended = self
            .persist(|store, record, attempt| store.renew(record, attempt, Duration::ZERO))
            .await;
        if ended.is_none() {
            tracing::warn!(record = %self.record, "the lease could not be ended early; the key is free when it runs out");
        }
    }

    /// Sends a step until it is answered, at least once and for as long as the lease lasts; `None` if it never was.
    ///
    /// The step may have taken effect without an answer. Steps are safe to repeat.
    pub(super) async fn persist<'s, T>(
        &'s self,
        step: impl Fn(&'s dyn Store, RecordId, AttemptId) -> StoreFuture<'s, T>,
    ) -> Option<T> {
        let mut pause = FIRST_PAUSE;
        loop {
            let left = self.left().max(FIRST_PAUSE);
            match self
                .within(left, step(&*self.store, self.record, self.attempt))
                .await
            {
                Some(Ok(answer)) => return Some(answer),
                failed => self.log_failure("written", failed),
            }
            if self.left() <= pause {
                return None;
            }
            self.clock.sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// A step's answer, if it comes within so much time.
    async fn within<T>(
        &self,
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
            () = self.clock.sleep(time) => None,
        }
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
