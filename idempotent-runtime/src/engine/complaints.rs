//! Logs failures of the store at a limited rate, not for every step of every call.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::store::StoreError;

/// How far two lines about the same kind of failure are apart.
pub(super) const INTERVAL: Duration = Duration::from_secs(10);

/// What failed. A handle complains about each kind by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failed {
    Claim,
    Renewal,
    Step,
    Waiter,
    /// The record of an attempt could not be told its outcome in time.
    Outcome,
}

/// What a handle has said of failures, and what it has kept to itself.
#[derive(Default)]
pub(crate) struct Complaints([Kind; 5]);

#[derive(Default)]
struct Kind {
    /// Microseconds of the clock's monotonic time, and one; zero: nothing was said yet.
    said: AtomicU64,
    unsaid: AtomicU64,
}

impl Complaints {
    /// Says that something failed, unless that was said a moment ago: then it is counted, and the next line says how many
    /// there were.
    pub(crate) fn complain(&self, clock: &dyn Clock, failed: Failed, error: &StoreError) {
        let Some(earlier) = self.may_speak(clock, failed) else {
            return;
        };
        let error = error as &dyn std::error::Error;
        match failed {
            Failed::Claim => {
                tracing::error!(error, earlier, "an idempotency key could not be claimed");
            }
            Failed::Renewal => tracing::warn!(error, earlier, "a lease could not be renewed"),
            Failed::Step => tracing::warn!(error, earlier, "a record could not be written"),
            Failed::Outcome => {
                tracing::error!(
                    error,
                    earlier,
                    "an outcome could not be recorded before its lease ended; it is tried further in the background"
                );
            }
            Failed::Waiter => {
                tracing::warn!(
                    error,
                    earlier,
                    "a waiting duplicate could not read its record"
                );
            }
        }
    }

    /// How many were not told, if it is time to tell again.
    fn may_speak(&self, clock: &dyn Clock, failed: Failed) -> Option<u64> {
        let kind = &self.0[failed as usize];
        let now = micros(clock.monotonic()).saturating_add(1);
        let said = kind.said.load(Ordering::Relaxed);
        let is_time = said == 0 || now.saturating_sub(said) >= micros(INTERVAL);
        let speaks = is_time
            && kind
                .said
                .compare_exchange(said, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if speaks {
            return Some(kind.unsaid.swap(0, Ordering::Relaxed));
        }
        kind.unsaid.fetch_add(1, Ordering::Relaxed);
        None
    }
}

pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Complaints").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn a_failure_is_told_once_in_ten_seconds_with_how_many_there_were() {
        let (clock, complaints) = (ManualClock::new(), Complaints::default());
        let speak = || complaints.may_speak(&clock, Failed::Claim);
        assert_eq!(speak(), Some(0));
        assert_eq!((speak(), speak()), (None, None));
        assert_eq!(complaints.may_speak(&clock, Failed::Step), Some(0));
        clock.advance(INTERVAL);
        assert_eq!(speak(), Some(2));
        assert_eq!(speak(), None);
    }
}
