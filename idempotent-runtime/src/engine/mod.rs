//! How a call runs: claim, attempt, completion. It knows no framework.
//!
//! An [`Engine`] owns what runs: the store and the clock, the attempts in flight, the heartbeat, the waiters, the backlog. A
//! door makes a [`ClaimRequest`] and [enters](enter) with it. What comes back is what the record says, or that the call holds
//! it; then the door [starts](start), polls the handler through the [`Supervisor`] and tells how it [ended](end), for which it
//! gets an [`Answer`]. From the claim on nothing depends on the client any more: see [`detach`].

use std::fmt;
use std::sync::{Arc, Once};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

mod answering;
mod attempt;
mod backlog;
mod budget;
mod call;
pub(crate) mod cancel;
mod claim;
mod complaints;
mod completion;
#[cfg(feature = "web")]
pub(crate) mod detach;
mod errand_on_drop;
#[cfg(feature = "web")]
mod forget;
mod heartbeat;
mod jitter;
mod lease;
mod rotation;
mod steps;
mod sweeper;
mod waiting;

pub(crate) use self::attempt::{Ending, Supervisor};
use self::backlog::{Backlog, Errand};
use self::budget::Budget;
pub(crate) use self::call::{
    Answer, ClaimRequest, Ended, Entered, Held, end, enter, enter_now, leave, start,
};
use self::complaints::Complaints;
#[cfg(feature = "web")]
pub(crate) use self::forget::forget;
use self::heartbeat::Heartbeat;
pub(crate) use self::lease::Lease;
pub(crate) use self::rotation::{Identity, enter_under_any_secret};
use self::sweeper::Sweeper;
use self::waiting::Waiters;
use crate::clock::Clock;
use crate::store::Store;

/// What runs on behalf of a handle.
pub(crate) struct Engine {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// The calls that run in tasks of their own.
    running: TaskTracker,
    /// One permit for each attempt that may run, where there is a bound.
    permits: Option<Arc<Semaphore>>,
    sweep_interval: Option<Duration>,
    sweeping: Once,
    heartbeat: Heartbeat,
    backlog: Arc<Backlog>,
    complaints: Arc<Complaints>,
    budgets: Budgets,
    /// The attempts that duplicates of this process may wait for.
    waiters: Arc<Waiters>,
}

/// How many steps may be sent a second time, side by side with the first sending. Claims don't use up what attempts need.
#[derive(Debug, Default)]
struct Budgets {
    claims: Budget,
    attempts: Budget,
}

impl Engine {
    /// An engine on this store. It asks the store nothing and starts nothing yet.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        max_in_flight: Option<usize>,
        sweep_interval: Option<Duration>,
    ) -> Self {
        let complaints = Arc::<Complaints>::default();
        let backlog = Arc::new(Backlog::new(Arc::clone(&store), Arc::clone(&clock)));
        let watch = backlog.watch();
        let heartbeat = Heartbeat::new(Arc::clone(&clock), Arc::clone(&complaints), watch);
        Self {
            store,
            clock,
            running: TaskTracker::new(),
            permits: max_in_flight.map(|permits| Arc::new(Semaphore::new(permits))),
            sweep_interval,
            sweeping: Once::new(),
            heartbeat,
            backlog,
            complaints,
            budgets: Budgets::default(),
            waiters: Arc::default(),
        }
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The calls in flight, each of which is a task or has a token.
    pub(crate) fn running(&self) -> &TaskTracker {
        &self.running
    }

    /// Waits until no call is in flight and the store has been told everything, for at most this long. Returns how many calls
    /// are still in flight.
    pub(crate) async fn shutdown(&self, deadline: Duration) -> usize {
        self.running.close();
        let finished = async {
            self.running.wait().await;
            self.backlog.finished().await;
        };
        tokio::select! {
            biased;
            () = finished => {}
            () = self.clock.sleep(deadline) => {
                let untold = self.backlog.len();
                if untold > 0 {
                    tracing::warn!(
                        untold,
                        "the process ends before the store was told everything: leases that were to be ended run out, and outcomes that were to be recorded are lost, so that retries may run again"
                    );
                }
            }
        }
        self.running.len()
    }

    /// Permission to run one more attempt; `Err` where as many run as may.
    fn admit(&self) -> Result<Option<OwnedSemaphorePermit>, Full> {
        let Some(permits) = &self.permits else {
            return Ok(None);
        };
        Arc::clone(permits)
            .try_acquire_owned()
            .map(Some)
            .map_err(|_| Full)
    }

    /// Starts what goes on beside the calls, if that is still to be done. Must be called on a runtime.
    fn make_ready(&self) {
        self.heartbeat.make_ready();
        self.sweeping.call_once(|| {
            if let Some(interval) = self.sweep_interval {
                let sweeper = Sweeper::new(&self.store, &*self.clock, interval);
                self.heartbeat.sweep(sweeper);
            }
        });
    }
}

/// As many attempts run as may.
#[derive(Clone, Copy, Debug)]
struct Full;

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
