//! The heartbeat: one small thread for each handle, which renews the leases of its attempts and starts its sweeps.
//!
//! It decides *when*, and judges the leases, on a thread that no handler can block. The store is asked by the
//! application's runtime, where the store's connections live: a task spawned from here is taken up by whichever worker is
//! free, and wakes one that sleeps. A runtime all of whose threads are blocked renews nothing.
//!
//! An attempt is entered before its handler is polled and taken out when the handler has ended. Both take a lock for an
//! instant; the thread is woken only where it would otherwise wake too late.

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::Notify;

use super::Lease;
use super::complaints::{Complaints, Failed};
use super::steps::{silence, within};
use super::sweeper::Sweeper;
use crate::clock::Clock;
use crate::store::{Fence, Renewal, StoreError};

/// How many renewals travel together at most.
const BATCH: usize = 500;

/// The heartbeat of a handle. Its thread starts with the first attempt and ends when this is dropped.
pub(crate) struct Heartbeat(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    complaints: Arc<Complaints>,
    schedule: Mutex<Schedule>,
    /// Tells the thread to look at its schedule again.
    wake: Notify,
    /// Whether there is a thread, and a runtime that is known to live.
    ready: AtomicBool,
}

#[derive(Default)]
struct Schedule {
    beats: Vec<Beat>,
    sweeper: Option<Sweeper>,
    /// Where the store is asked. `None`: it has ended, or nobody came yet.
    runtime: Option<Handle>,
    /// When the thread looks by itself; `None`: not before it is woken.
    wakes: Option<Duration>,
    started: bool,
    closed: bool,
}

/// A lease that is to be renewed.
struct Beat {
    lease: Arc<Lease>,
    /// When the next renewal is to be sent.
    next: Duration,
    /// When the attempt's deadline passes. Nothing is renewed from then on.
    until: Duration,
    /// Whether its end has been told.
    lost: bool,
    /// Where its attempt runs.
    runtime: Handle,
}

/// Where a lease is in the schedule.
#[derive(Debug)]
pub(super) struct Slot(AtomicUsize);

impl Slot {
    const NONE: usize = usize::MAX;
}

impl Default for Slot {
    fn default() -> Self {
        Self(AtomicUsize::new(Self::NONE))
    }
}

/// A lease in the schedule. Dropping it takes the lease out.
pub(crate) struct Beating {
    inner: Arc<Inner>,
    lease: Arc<Lease>,
}

impl Heartbeat {
    pub(crate) fn new(clock: Arc<dyn Clock>, complaints: Arc<Complaints>) -> Self {
        Self(Arc::new(Inner {
            clock,
            complaints,
            schedule: Mutex::default(),
            wake: Notify::new(),
            ready: AtomicBool::new(false),
        }))
    }

    /// Sweeps by this from now on.
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
        let until = self.0.clock.monotonic() + deadline;
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
            runtime: Handle::current(),
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
        self.inner.lock().take_out(&self.lease);
    }
}

/// Starts the thread, or a task where there can be none.
fn spawn_thread(inner: &Arc<Inner>) {
    let on_thread = Arc::clone(inner);
    let started = Builder::new_current_thread()
        .enable_time()
        .build()
        .and_then(|runtime| {
            std::thread::Builder::new()
                .name("idempotency-heartbeat".to_owned())
                .spawn(move || runtime.block_on(on_thread.beat()))
        });
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

    async fn beat(self: Arc<Self>) {
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
            let sleep = self.clock.sleep(at.saturating_sub(self.clock.monotonic()));
            // A clock that a test moves may have gone on in between.
            if self.clock.monotonic() < at {
                tokio::select! {
                    () = woken => {}
                    () = sleep => {}
                }
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
            (due, lost) = schedule.collect(now, runtime.is_some());
            if let (Some(runtime), Some(sweeper)) = (&runtime, &mut schedule.sweeper)
                && sweeper.start_if_due(now, runtime, &self.clock)
            {
                self.take_another_runtime(&mut schedule);
            }
            schedule.wakes = schedule.next(runtime.is_some());
        }
        for lease in lost {
            lease.tell_lost();
        }
        if let Some(runtime) = runtime {
            self.send(due, now, &runtime);
        }
        Some(self.lock().wakes)
    }

    /// Sends renewals: those of leases that are equally long together, for so long is their patience.
    fn send(self: &Arc<Self>, mut due: Vec<Arc<Lease>>, now: Duration, runtime: &Handle) {
        due.sort_unstable_by_key(|lease| lease.length());
        for same in due.chunk_by(|one, other| one.length() == other.length()) {
            for batch in same.chunks(BATCH) {
                let sending = Sending {
                    inner: Arc::downgrade(self),
                    leases: batch.to_vec(),
                    sent: now,
                    progress: AtomicU8::new(UNPOLLED),
                };
                runtime.spawn(sending.send());
            }
        }
    }

    /// The runtime has ended: takes the one of the attempt that came last. Where there is none, the next call brings one.
    fn take_another_runtime(&self, schedule: &mut Schedule) {
        schedule.runtime = schedule.beats.last().map(|beat| beat.runtime.clone());
        if schedule.runtime.is_none() {
            self.ready.store(false, Ordering::Relaxed);
        }
    }
}

impl Schedule {
    /// The leases that are to be renewed now, and those that have just ended.
    ///
    /// What is due a little later goes along, so that many leases need few sendings.
    fn collect(&mut self, now: Duration, can_send: bool) -> (Vec<Arc<Lease>>, Vec<Arc<Lease>>) {
        let (mut due, mut lost) = (Vec::new(), Vec::new());
        for beat in &mut self.beats {
            let length = beat.lease.length();
            if !beat.lost && beat.lease.end() <= now {
                beat.lost = true;
                lost.push(Arc::clone(&beat.lease));
            }
            if beat.until <= now {
                beat.next = Duration::MAX;
            } else if can_send && beat.next <= now + length / 24 {
                // Until it is answered it counts as failed, and is sent again soon.
                beat.next = now + length / 12;
                due.push(Arc::clone(&beat.lease));
            }
        }
        (due, lost)
    }

    /// When something is to be done next.
    fn next(&self, can_send: bool) -> Option<Duration> {
        let ends = self.beats.iter().filter(|beat| !beat.lost);
        let ends = ends.map(|beat| beat.lease.end());
        if !can_send {
            return ends.min();
        }
        let renewals = self.beats.iter().map(|beat| beat.next);
        let sweep = self.sweeper.iter().map(Sweeper::next);
        let next = ends.chain(renewals).chain(sweep).min();
        next.filter(|next| *next < Duration::MAX)
    }

    fn of(&mut self, lease: &Arc<Lease>) -> Option<&mut Beat> {
        let slot = lease.slot().0.load(Ordering::Relaxed);
        self.beats.get_mut(slot)
    }

    fn take_out(&mut self, lease: &Lease) {
        let slot = lease.slot().0.swap(Slot::NONE, Ordering::Relaxed);
        if slot < self.beats.len() {
            self.beats.swap_remove(slot);
            if let Some(moved) = self.beats.get(slot) {
                moved.lease.slot().0.store(slot, Ordering::Relaxed);
            }
        }
    }
}

const UNPOLLED: u8 = 0;
const POLLED: u8 = 1;

/// Renewals on their way to the store.
struct Sending {
    inner: Weak<Inner>,
    leases: Vec<Arc<Lease>>,
    sent: Duration,
    progress: AtomicU8,
}

impl Sending {
    async fn send(self) {
        self.progress.store(POLLED, Ordering::Relaxed);
        let Some(first) = self.leases.first() else {
            return;
        };
        let renewals = self
            .leases
            .iter()
            .map(|lease| Renewal::new(lease.record(), lease.attempt(), lease.length()));
        let answers = first.store().renew_all(renewals.collect());
        // By then it has been sent again twice, on other connections.
        let answers = within(first.clock(), first.length() / 6, answers).await;
        let Some(inner) = self.inner.upgrade() else {
            return;
        };
        let Some(answers) = answers else {
            inner.complain(first, &silence());
            return;
        };
        for (lease, answer) in self.leases.iter().zip(answers) {
            match answer {
                Ok(Fence::Held) => self.renewed(&inner, lease),
                Ok(Fence::Lost) => lost(&inner, lease),
                Err(error) => inner.complain(lease, &error),
            }
        }
    }

    fn renewed(&self, inner: &Inner, lease: &Arc<Lease>) {
        lease.renewed(self.sent);
        if let Some(beat) = inner.lock().of(lease) {
            beat.next = beat.next.max(self.sent + lease.length() / 3);
        }
    }
}

/// A task that was never polled was spawned on a runtime that has ended.
impl Drop for Sending {
    fn drop(&mut self) {
        if self.progress.load(Ordering::Relaxed) == UNPOLLED
            && let Some(inner) = self.inner.upgrade()
        {
            inner.take_another_runtime(&mut inner.lock());
        }
    }
}

fn lost(inner: &Inner, lease: &Arc<Lease>) {
    inner.lock().take_out(lease);
    tracing::warn!(record = %lease.record(), "the attempt lost its record; its outcome will not be kept");
    lease.tell_lost();
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
