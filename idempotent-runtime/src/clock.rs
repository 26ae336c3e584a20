//! The one place that asks what time it is.
//!
//! Stores in this process judge leases and expiry by a time that advances steadily from one reading of the wall clock.
//! The engine judges its own lease by the monotonic clock, and waits through [`Clock::sleep`]. The two are never compared
//! with each other.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

/// A point in wall-clock time: whole milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time so many milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This time and a duration after it; at the latest the last time that can be written.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

/// A future that ends when a [`Clock`] says so.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where time comes from.
///
/// [`SystemClock`] serves unless a test installs a [`ManualClock`].
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Wall-clock time. It may step, which ends no lease: the stores of this crate read it once, and from then on advance
    /// with [`monotonic`](Self::monotonic).
    fn now(&self) -> Timestamp;

    /// Time since some fixed point. It never runs backwards.
    fn monotonic(&self) -> Duration;

    /// Ends once this much time has passed. Dropping the future cancels it.
    fn sleep(&self, duration: Duration) -> Sleep;

    /// Ends once [`monotonic`](Self::monotonic) has reached this time. Dropping the future cancels it.
    ///
    /// A clock that a test moves overrides this, so that a move between reading the time and going to sleep isn't missed.
    fn sleep_until(&self, time: Duration) -> Sleep {
        self.sleep(time.saturating_sub(self.monotonic()))
    }
}

/// The operating system's clock and tokio's timers.
///
/// A tokio runtime whose time a test has paused pauses the timers and not the clock; such a test takes a [`ManualClock`].
///
/// [`sleep`](Clock::sleep) panics where there is no tokio runtime with its time driver enabled.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Timestamp(0).saturating_add(since_epoch)
    }

    fn monotonic(&self) -> Duration {
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        // Not tokio's: the heartbeat's thread is outside a test runtime whose time is paused.
        ORIGIN.get_or_init(Instant::now).elapsed()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock's time, which advances steadily from one reading of the wall clock.
///
/// A lease must not end because somebody set the wall clock, nor because the machine was suspended, for a process that
/// was suspended did nothing meanwhile.
#[cfg(any(feature = "memory", feature = "sqlite"))]
#[derive(Clone, Debug)]
pub(crate) struct Steady {
    clock: Arc<dyn Clock>,
    /// The wall clock's time at this monotonic time.
    origin: (Timestamp, Duration),
}

#[cfg(any(feature = "memory", feature = "sqlite"))]
impl Steady {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let origin = (clock.now(), clock.monotonic());
        Self { clock, origin }
    }

    pub(crate) fn now(&self) -> Timestamp {
        let (wall, monotonic) = self.origin;
        wall.saturating_add(self.clock.monotonic().saturating_sub(monotonic))
    }
}

/// A clock that stands still until a test moves it.
///
/// Clones share one time.
///
/// ```
/// use std::time::Duration;
/// use idempotent_runtime::clock::{Clock, ManualClock};
///
/// let clock = ManualClock::new();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(30));
/// assert_eq!(clock.now(), before.saturating_add(Duration::from_secs(30)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ManualClock {
    shared: Arc<Mutex<Manual>>,
}

#[derive(Debug, Default)]
struct Manual {
    elapsed: Duration,
    /// How far the wall clock was set forward, in milliseconds.
    set_forward: i64,
    sleepers: Vec<(Duration, oneshot::Sender<()>)>,
}

impl ManualClock {
    /// A clock that shows the Unix epoch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the time forward and wakes every sleeper whose time has come.
    pub fn advance(&self, duration: Duration) {
        let mut manual = self.lock();
        manual.elapsed += duration;
        let now = manual.elapsed;
        let (due, waiting) = std::mem::take(&mut manual.sleepers)
            .into_iter()
            .filter(|(_, wake)| !wake.is_closed())
            .partition(|(until, _)| *until <= now);
        manual.sleepers = waiting;
        drop(manual);
        let due: Vec<(Duration, oneshot::Sender<()>)> = due;
        for (_, wake) in due {
            // A sleeper that left in the meantime needs no waking.
            let _ = wake.send(());
        }
    }

    /// Sets the wall clock forward by so many milliseconds, or back, as an operator or a time server does. Nobody wakes.
    pub fn step_wall(&self, millis: i64) {
        self.lock().set_forward += millis;
    }

    /// How many sleepers wait for a later time.
    pub fn sleepers(&self) -> usize {
        self.lock()
            .sleepers
            .iter()
            .filter(|(_, wake)| !wake.is_closed())
            .count()
    }

    fn lock(&self) -> MutexGuard<'_, Manual> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let manual = self.lock();
        Timestamp(manual.set_forward).saturating_add(manual.elapsed)
    }

    fn monotonic(&self) -> Duration {
        self.lock().elapsed
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let mut manual = self.lock();
        let until = manual.elapsed + duration;
        manual.sleep_until(until)
    }

    fn sleep_until(&self, time: Duration) -> Sleep {
        self.lock().sleep_until(time)
    }
}

impl Manual {
    fn sleep_until(&mut self, time: Duration) -> Sleep {
        if time <= self.elapsed {
            return Box::pin(std::future::ready(()));
        }
        let (wake, woken) = oneshot::channel();
        self.sleepers.push((time, wake));
        Box::pin(async move {
            // The sender lives as long as the clock; a clock that is gone never wakes anybody.
            if woken.await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_sleeper_wakes_when_its_time_has_come_and_not_before() {
        let clock = ManualClock::new();
        let mut sleep = clock.sleep(Duration::from_secs(10));
        clock.advance(Duration::from_millis(9_999));
        assert!(futures_util::poll!(&mut sleep).is_pending());
        clock.advance(Duration::from_millis(1));
        sleep.await;
        assert_eq!(clock.sleepers(), 0);
    }

    #[test]
    fn the_latest_timestamp_is_not_passed() {
        let latest = Timestamp::from_millis(i64::MAX);
        assert_eq!(latest.saturating_add(Duration::MAX), latest);
    }
}
