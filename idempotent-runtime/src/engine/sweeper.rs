//! Removing what has expired, now and then. The heartbeat's thread says when; see [`heartbeat`](super::heartbeat).

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;

use super::jitter::jitter;
use super::steps::within;
use crate::clock::Clock;
use crate::store::Store;

/// How many records a store removes in one step. Claims wait no longer than for one such step.
const BATCH: usize = 500;
/// How long one such step may take. One that takes longer is dropped.
const BATCH_AT_MOST: Duration = Duration::from_secs(30);
/// How long a whole sweep may take before it leaves the rest to the next one.
const SWEEP_AT_MOST: Duration = Duration::from_mins(5);

/// The sweeps of a handle.
pub(crate) struct Sweeper {
    /// Weak, so that the heartbeat's thread never drops a store, which may need a runtime for it.
    store: Weak<dyn Store>,
    interval: Duration,
    next: Duration,
    running: Arc<AtomicBool>,
}

impl Sweeper {
    /// Sweeps every `interval`, and half of it sooner at most: processes that started together don't sweep together.
    pub(crate) fn new(store: &Arc<dyn Store>, clock: &dyn Clock, interval: Duration) -> Self {
        Self {
            store: Arc::downgrade(store),
            interval,
            next: clock.monotonic() + jitter(interval),
            running: Arc::default(),
        }
    }

    /// When the next sweep is due, by the handle's clock.
    pub(super) fn next(&self) -> Duration {
        self.next
    }

    /// Starts a sweep on this runtime if it is time, and the one before it is over. Whether the runtime has ended, so that
    /// nothing was started.
    pub(super) fn start_if_due(
        &mut self,
        now: Duration,
        runtime: &Handle,
        clock: &Arc<dyn Clock>,
    ) -> bool {
        if now < self.next {
            return false;
        }
        self.next = now + jitter(self.interval);
        if self.running.swap(true, Ordering::AcqRel) {
            return false;
        }
        let (store, clock) = (Weak::clone(&self.store), Arc::clone(clock));
        let begun = Arc::new(AtomicU8::new(WAITS));
        let mut running = Running {
            running: Arc::clone(&self.running),
            begun: Arc::clone(&begun),
        };
        runtime.spawn(async move {
            running.begin();
            if let Some(store) = store.upgrade() {
                sweep(&*store, &*clock).await;
            }
        });
        // A runtime that has ended drops at once what is spawned on it.
        begun.load(Ordering::Acquire) == DROPPED
    }
}

/// How far a sweep has come that was spawned.
const WAITS: u8 = 0;
const BEGUN: u8 = 1;
const DROPPED: u8 = 2;

/// Says that a sweep is over, also where it panicked or its runtime ended.
struct Running {
    running: Arc<AtomicBool>,
    begun: Arc<AtomicU8>,
}

impl Running {
    fn begin(&mut self) {
        self.begun.store(BEGUN, Ordering::Release);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Unless it has begun.
        let _ = self
            .begun
            .compare_exchange(WAITS, DROPPED, Ordering::AcqRel, Ordering::Relaxed);
        self.running.store(false, Ordering::Release);
    }
}

async fn sweep(store: &dyn Store, clock: &dyn Clock) {
    let until = clock.monotonic() + SWEEP_AT_MOST;
    while clock.monotonic() < until {
        match within(clock, BATCH_AT_MOST, store.sweep(BATCH)).await {
            Some(Ok(removed)) if removed >= BATCH => tokio::task::yield_now().await,
            Some(Ok(_)) => return,
            Some(Err(error)) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "expired records could not be swept"
                );
                return;
            }
            None => {
                tracing::warn!("expired records could not be swept: the store did not answer");
                return;
            }
        }
    }
}
