//! Which leases are to be renewed, and when.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;

use super::sending::POLLED;
use crate::engine::Lease;
use crate::engine::sweeper::Sweeper;

#[derive(Default)]
pub(super) struct Schedule {
    pub(super) beats: Vec<Beat>,
    pub(super) sweeper: Option<Sweeper>,
    /// Where the store is asked. `None`: it has ended, or nobody came yet.
    pub(super) runtime: Option<Handle>,
    /// When the thread looks by itself; `None`: not before it is woken.
    pub(super) wakes: Option<Duration>,
    pub(super) started: bool,
    pub(super) closed: bool,
}

/// A lease that is to be renewed.
pub(super) struct Beat {
    pub(super) lease: Arc<Lease>,
    /// When the next renewal is to be sent.
    pub(super) next: Duration,
    /// When the attempt's deadline passes. Nothing is renewed from then on.
    pub(super) until: Duration,
    /// Whether its end has been told.
    pub(super) lost: bool,
    /// Where its attempt runs, and so its renewals.
    pub(super) runtime: Handle,
    /// How many renewals, this one among them, may travel together: fewer where some together weren't answered, so that
    /// one row that cannot be written doesn't cost the others their leases.
    pub(super) together: usize,
    /// How far its last renewal has come.
    pub(super) sending: Option<Arc<AtomicU8>>,
}

/// Where a lease is in the schedule.
#[derive(Debug)]
pub(in crate::engine) struct Slot(pub(super) AtomicUsize);

impl Slot {
    pub(super) const NONE: usize = usize::MAX;

    pub(super) fn is_taken(&self) -> bool {
        self.0.load(Ordering::Relaxed) != Self::NONE
    }
}

impl Default for Slot {
    fn default() -> Self {
        Self(AtomicUsize::new(Self::NONE))
    }
}

impl Schedule {
    /// The leases that are to be renewed now, and those that have just ended.
    ///
    /// What is due a little later goes along, so that many leases need few sendings.
    pub(super) fn collect(&mut self, now: Duration) -> (Vec<Due>, Vec<Arc<Lease>>) {
        let (mut due, mut lost) = (Vec::new(), Vec::new());
        // Where a runtime is blocked or has ended, another that lives takes its renewals.
        let lively = self.beats.iter().find(|beat| !beat.is_stuck());
        let lively = lively.map(|beat| beat.runtime.clone());
        for beat in &mut self.beats {
            let length = beat.lease.length();
            if !beat.lost && beat.lease.end() <= now {
                beat.lost = true;
                lost.push(Arc::clone(&beat.lease));
            }
            if beat.until <= now {
                beat.next = Duration::MAX;
            } else if beat.next <= now + length / 24 {
                // Until it is answered it counts as failed, and is sent again soon.
                beat.next = now + length / 12;
                let runtime = if beat.is_stuck() {
                    lively.clone()
                } else {
                    Some(beat.runtime.clone())
                };
                // Behind a renewal that nobody takes up, another one would only wait as well.
                due.extend(runtime.map(|runtime| Due {
                    lease: Arc::clone(&beat.lease),
                    together: beat.together,
                    runtime,
                }));
            }
        }
        (due, lost)
    }

    /// When something is to be done next.
    pub(super) fn next(&self) -> Option<Duration> {
        let ends = self.beats.iter().filter(|beat| !beat.lost);
        let ends = ends.map(|beat| beat.lease.end());
        let renewals = self.beats.iter().map(|beat| beat.next);
        let sweeper = self.sweeper.iter().filter(|_| self.runtime.is_some());
        let sweep = sweeper.map(Sweeper::next);
        let next = ends.chain(renewals).chain(sweep).min();
        next.filter(|next| *next < Duration::MAX)
    }

    pub(super) fn of(&mut self, lease: &Arc<Lease>) -> Option<&mut Beat> {
        let slot = lease.slot().0.load(Ordering::Relaxed);
        self.beats.get_mut(slot)
    }

    /// Takes a lease out. `None`: its attempt has ended already.
    pub(super) fn take_out(&mut self, lease: &Lease) -> Option<Beat> {
        let slot = lease.slot().0.swap(Slot::NONE, Ordering::Relaxed);
        if slot >= self.beats.len() {
            return None;
        }
        let beat = self.beats.swap_remove(slot);
        if let Some(moved) = self.beats.get(slot) {
            moved.lease.slot().0.store(slot, Ordering::Relaxed);
        }
        Some(beat)
    }
}

impl Beat {
    /// Whether its last renewal still waits to be taken up, or never will be.
    fn is_stuck(&self) -> bool {
        let sending = self.sending.as_ref();
        sending.is_some_and(|progress| progress.load(Ordering::Relaxed) != POLLED)
    }
}

/// A renewal that is to be sent, and the runtime that does it.
pub(super) struct Due {
    pub(super) lease: Arc<Lease>,
    pub(super) together: usize,
    pub(super) runtime: Handle,
}

impl Due {
    /// Takes those out that travel with the first, for whom there is the same patience and the same runtime.
    pub(super) fn take_group(due: &mut Vec<Self>) -> Option<(Handle, Vec<Arc<Lease>>)> {
        let first = due.first()?;
        let (length, runtime) = (first.lease.length(), first.runtime.clone());
        let mut most = first.together;
        let mut leases = Vec::new();
        due.retain(|it| {
            let travels = leases.len() < most.min(it.together)
                && it.lease.length() == length
                && it.runtime.id() == runtime.id();
            if travels {
                most = most.min(it.together);
                leases.push(Arc::clone(&it.lease));
            }
            !travels
        });
        Some((runtime, leases))
    }
}
