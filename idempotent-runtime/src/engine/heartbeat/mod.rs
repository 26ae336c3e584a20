//! The heartbeat: one small thread for each handle, which renews the leases of its attempts and starts its sweeps.
//!
//! It decides *when*, and judges the leases, on a thread that no handler can block. The store is asked by the
//! application's runtime, where the store's connections live: a task spawned from here is taken up by whichever worker is
//! free, and wakes one that sleeps. A runtime all of whose threads are blocked renews nothing.
//!
//! An attempt is entered before its handler is polled and taken out when the handler has ended. Both take a lock for an
//! instant; the thread is woken only where it would otherwise wake too late.

mod schedule;
mod sending;

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::Notify;

pub(super) use self::schedule::Slot;
use self::schedule::{Beat, Due, Schedule};
use self::sending::{Sending, UNPOLLED};
use super::Lease;
use super::backlog::Watch;
use super::complaints::{Complaints, Failed};
use super::sweeper::Sweeper;
use crate::clock::Clock;
use crate::store::StoreError;

/// How many renewals travel together at most.
const BATCH: usize = 500;

/// By how much fewer travel together once that many weren't answered. So three renewals after a whole batch each travels
/// alone, which is well before its lease ends.
const FEWER: usize = 8;

/// The heartbeat of a handle. Its thread starts with the first attempt and ends when this is dropped.
pub(crate) struct Heartbeat(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    complaints: Arc<Complaints>,
    backlog: Watch,
    schedule: Mutex<Schedule>,
    /// Tells the thread to look at its schedule again.
    wake: Notify,
    /// Whether there is a thread, and a runtime that is known to live.
    ready: AtomicBool,
}

/// A lease in the schedule. Dropping it takes the lease out.
pub(crate) struct Beating {
    inner: Arc<Inner>,
    lease: Arc<Lease>,
}

impl Heartbeat {
    pub(crate) fn new(clock: Arc<dyn Clock>, complaints: Arc<Complaints>, backlog: Watch) -> Self {
        Self(Arc::new(Inner {
            clock,
            complaints,
            backlog,
            schedule: Mutex::default(),
            wake: Notify::new(),
            ready: AtomicBool::new(false),
        }))
    }

    /// Starts sweeping on this schedule.
    pub(crate) fn sweep(&self, sweeper: Sweeper) {
        let mut schedule = self.0.lock();
        let at = sweeper.next();
        schedule.sweeper = Some(sweeper);
        self.0.wake_by(&mut schedule, at);
    }

    /// Makes sure that there is a thread, and a runtime on which the store can be asked. Must be called on a runtime.
    pub(crate) fn make_ready(&self) {
        if !self.0.ready.load(Ordering::Relaxed) {
            self.start();
        }
    }

    #[cold]
    fn start(&self) {
        let mut schedule = self.0.lock();
        if schedule.runtime.is_none() {
            schedule.runtime = Some(Handle::current());
        }
        self.0.ready.store(true, Ordering::Relaxed);
        let starts = !std::mem::replace(&mut schedule.started, true);
        drop(schedule);
        if starts {
            spawn_thread(&self.0);
        } else {
            self.0.wake.notify_one();
        }
    }

    /// Renews this lease until its attempt's deadline has passed.
    pub(super) fn enter(&self, lease: Arc<Lease>, deadline: Duration) -> Beating {
        self.make_ready();
        let next = lease.sent() + lease.length() / 3;
        let until = lease.sent().saturating_add(deadline);
        let runtime = Handle::current();
        let mut schedule = self.0.lock();
        lease
            .slot()
            .0
            .store(schedule.beats.len(), Ordering::Relaxed);
        schedule.beats.push(Beat {
            lease: Arc::clone(&lease),
            next,
            until,
            lost: false,
            runtime,
            together: BATCH,
            sending: None,
        });
        self.0.wake_by(&mut schedule, next);
        drop(schedule);
        Beating {
            inner: Arc::clone(&self.0),
            lease,
        }
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.wake.notify_one();
    }
}

impl Drop for Beating {
    fn drop(&mut self) {
        // The beat goes once the lock is free.
        let beat = self.inner.lock().take_out(&self.lease);
        drop(beat);
    }
}

/// Starts the thread, or a task where there can be none.
fn spawn_thread(inner: &Arc<Inner>) {
    let on_thread = Arc::clone(inner);
    // Its runtime is made there: one that is dropped on a worker of another panics.
    let started = std::thread::Builder::new()
        .name("idempotency-heartbeat".to_owned())
        .spawn(
            move || match Builder::new_current_thread().enable_time().build() {
                Ok(runtime) => runtime.block_on(on_thread.beat()),
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the heartbeat cannot start; the next request tries again"
                    );
                    on_thread.ended();
                }
            },
        );
    if let Err(error) = started {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the heartbeat has no thread of its own and runs as a task: a handler that blocks its thread may lose its lease"
        );
        let as_task = Arc::clone(inner);
        tokio::spawn(async move { as_task.beat().await });
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Schedule> {
        // Nothing in here panics half way.
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the thread look at this time at the latest.
    fn wake_by(&self, schedule: &mut Schedule, time: Duration) {
        if schedule.wakes.is_none_or(|wakes| time < wakes) {
            schedule.wakes = Some(time);
            self.wake.notify_one();
        }
    }

    /// Has the next request start another heartbeat, unless the handle is gone.
    fn ended(&self) {
        let mut schedule = self.lock();
        schedule.started = false;
        schedule.wakes = None;
        self.ready.store(false, Ordering::Relaxed);
    }

    async fn beat(self: Arc<Self>) {
        // Also where a clock panics, or the runtime of a task ends.
        let _ended = Ended(&self);
        loop {
            // Whatever it was woken for so far, it sees now; only what comes later is to wake it.
            let mut woken = pin!(self.wake.notified());
            if woken.as_mut().enable() {
                woken.set(self.wake.notified());
                woken.as_mut().enable();
            }
            let Some(next) = self.turn() else { return };
            let Some(at) = next else {
                woken.await;
                continue;
            };
            tokio::select! {
                () = woken => {}
                () = self.clock.sleep_until(at) => {}
            }
        }
    }

    /// Does what is due, and says when something will be next. `None`: the handle is gone.
    #[allow(
        clippy::option_option,
        reason = "the end, and nothing to wait for, are two things"
    )]
    fn turn(self: &Arc<Self>) -> Option<Option<Duration>> {
        let now = self.clock.monotonic();
        let (due, lost, runtime);
        {
            let mut schedule = self.lock();
            if schedule.closed {
                return None;
            }
            runtime = schedule.runtime.clone();
            (due, lost) = schedule.collect(now);
            if let (Some(runtime), Some(sweeper)) = (&runtime, &mut schedule.sweeper)
                && sweeper.start_if_due(now, runtime, &self.clock)
            {
                self.take_another_runtime(&mut schedule);
            }
            schedule.wakes = schedule.next();
        }
        for lease in lost {
            lease.tell_lost();
        }
        if let Some(runtime) = runtime {
            self.backlog.go_on(&runtime);
        }
        self.send(due, now);
        Some(self.lock().wakes)
    }

    /// Sends renewals. Leases of one runtime that are equally long travel together, because they have the same patience.
    fn send(self: &Arc<Self>, mut due: Vec<Due>, now: Duration) {
        due.sort_by_key(|due| due.lease.length());
        while let Some((runtime, leases)) = Due::take_group(&mut due) {
            let progress = Arc::new(AtomicU8::new(UNPOLLED));
            let mut schedule = self.lock();
            for lease in &leases {
                if let Some(beat) = schedule.of(lease) {
                    beat.sending = Some(Arc::clone(&progress));
                }
            }
            drop(schedule);
            let sending = Sending {
                inner: Arc::downgrade(self),
                leases,
                sent: now,
                progress,
            };
            runtime.spawn(sending.send());
        }
    }

    /// Has these leases travel with fewer others the next time.
    fn part(&self, leases: &[Arc<Lease>]) {
        let together = (leases.len() / FEWER).max(1);
        let mut schedule = self.lock();
        for lease in leases {
            if let Some(beat) = schedule.of(lease) {
                beat.together = together;
            }
        }
    }

    /// Replaces a runtime that has ended with the latest attempt's. Without attempts, the next call brings one.
    fn take_another_runtime(&self, schedule: &mut Schedule) {
        schedule.runtime = schedule.beats.last().map(|beat| beat.runtime.clone());
        if schedule.runtime.is_none() {
            self.ready.store(false, Ordering::Relaxed);
        }
    }
}

/// Tells that a heartbeat has ended.
struct Ended<'a>(&'a Inner);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.ended();
    }
}

impl Inner {
    fn complain(&self, lease: &Lease, error: &StoreError) {
        self.complaints
            .complain(lease.clock(), Failed::Renewal, error);
    }
}

impl fmt::Debug for Beating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Beating").field(&self.lease).finish()
    }
}

impl fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heartbeat")
            .field("beats", &self.0.lock().beats.len())
            .finish_non_exhaustive()
    }
}
