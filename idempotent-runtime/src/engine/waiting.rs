//! Waiting for another call's attempt.
//!
//! An endpoint whose duplicates wait announces its attempts to the [`Waiters`] of this process. A duplicate that finds its
//! attempt there is woken when something happens to it, and asks the store nothing. One that does not asks the store
//! now and then. A waiter never claims, and holds no connection and no thread.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::complaints::{Complaints, Failed};
use super::jitter::jitter;
use super::steps::ask;
use crate::clock::Clock;
use crate::identity::{AttemptId, RecordId};
use crate::store::{Record, State, Store};

/// The first pause between two questions to the store; each one after it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(40);
/// The longest pause between two questions to the store.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What a waiter is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// That the attempt has an outcome.
    Done,
    /// That it has one, or has published a provisional one.
    Published,
}

/// What happened to an attempt.
#[derive(Clone, Debug)]
enum Progress {
    Running,
    /// Its record, with what it published.
    Published(Record),
    /// Its record, if it left one that can be answered from.
    Ended(Option<Record>),
}

/// The attempts of this process that duplicates may wait for.
#[derive(Default)]
pub(crate) struct Waiters {
    attempts: Mutex<HashMap<RecordId, Announced>>,
}

struct Announced {
    attempt: AttemptId,
    progress: watch::Sender<Progress>,
}

impl Waiters {
    /// Puts an attempt up. It comes down with the announcement.
    pub(super) fn announce(self: &Arc<Self>, record: RecordId, attempt: AttemptId) -> Announcement {
        let progress = watch::Sender::new(Progress::Running);
        // The announcement of an attempt from which the record was taken over goes: its waiters are told that it ended.
        self.lock().insert(record, Announced { attempt, progress });
        Announcement {
            waiters: Arc::clone(self),
            record,
            attempt,
        }
    }

    fn watch(&self, record: RecordId, attempt: AttemptId) -> Option<watch::Receiver<Progress>> {
        let attempts = self.lock();
        let announced = attempts
            .get(&record)
            .filter(|announced| announced.attempt == attempt)?;
        Some(announced.progress.subscribe())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RecordId, Announced>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Waiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiters")
            .field("attempts", &self.lock().len())
            .finish()
    }
}

/// An attempt that others may wait for. Dropping this tells them that it ended without an outcome.
#[derive(Debug)]
pub(super) struct Announcement {
    waiters: Arc<Waiters>,
    record: RecordId,
    attempt: AttemptId,
}

impl Announcement {
    /// Tells the waiters what was published.
    pub(super) fn published(&self, record: Record) {
        if let Some(announced) = self
            .waiters
            .lock()
            .get(&self.record)
            .filter(|announced| announced.attempt == self.attempt)
        {
            announced.progress.send_replace(Progress::Published(record));
        }
    }

    /// Tells the waiters how the attempt ended.
    pub(super) fn ended(&self, record: Option<Record>) {
        let announced = match self.waiters.lock().entry(self.record) {
            Entry::Occupied(announced) if announced.get().attempt == self.attempt => {
                announced.remove()
            }
            _ => return,
        };
        announced.progress.send_replace(Progress::Ended(record));
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        self.ended(None);
    }
}

/// A record that a waiter found running.
pub(super) struct Waiter<'a> {
    pub(super) waiters: &'a Waiters,
    pub(super) store: &'a dyn Store,
    pub(super) clock: &'a dyn Clock,
    pub(super) complaints: &'a Complaints,
    pub(super) record: RecordId,
    pub(super) attempt: AttemptId,
    pub(super) until: Until,
}

impl Waiter<'_> {
    /// What the record says once its attempt has come as far as is waited for; `None` if it ended without an outcome,
    /// or did not come so far in this time.
    ///
    /// Dropping the future ends the waiting.
    pub(super) async fn wait(&self, at_most: Duration) -> Option<Record> {
        tokio::select! {
            biased;
            record = self.look() => record,
            () = self.clock.sleep(at_most) => None,
        }
    }

    async fn look(&self) -> Option<Record> {
        let mut pause = Duration::ZERO;
        loop {
            if let Some(progress) = self.waiters.watch(self.record, self.attempt) {
                return self.listen(progress).await;
            }
            // The first question follows at once: the attempt may have ended since the claim was answered.
            if !pause.is_zero() {
                self.clock.sleep(jitter(pause)).await;
            }
            pause = (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
            match ask(self.clock, self.store.load(self.record)).await {
                Ok(found) if found.as_ref().is_some_and(|record| self.still_runs(record)) => {}
                Ok(found) => return found,
                Err(error) => {
                    let complaints = self.complaints;
                    complaints.complain(self.clock, Failed::Waiter, &error);
                }
            }
        }
    }

    async fn listen(&self, mut progress: watch::Receiver<Progress>) -> Option<Record> {
        let far_enough = |progress: &Progress| match progress {
            Progress::Running => false,
            Progress::Published(_) => self.until == Until::Published,
            Progress::Ended(_) => true,
        };
        // An error means that the attempt was taken over: it ended without an outcome.
        match &*progress.wait_for(far_enough).await.ok()? {
            Progress::Running => None,
            Progress::Published(record) => Some(record.clone()),
            Progress::Ended(record) => record.clone(),
        }
    }

    /// Whether a record has come as far as is waited for.
    pub(super) fn is_far_enough(&self, record: &Record) -> bool {
        match &record.state {
            State::Done { .. } => true,
            State::Running {
                abandoned,
                provisional,
            } => self.until == Until::Published && !abandoned && provisional.is_some(),
        }
    }

    fn still_runs(&self, record: &Record) -> bool {
        match &record.state {
            State::Running {
                abandoned: false,
                provisional,
            } if record.attempt == self.attempt => {
                self.until == Until::Done || provisional.is_none()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_announcement_of_a_later_attempt_stays_when_the_earlier_one_goes() {
        let waiters = Arc::new(Waiters::default());
        let record = RecordId::from_bytes([1; 32]);
        let [first, second] = [1, 2].map(|byte| AttemptId::from_bytes([byte; 16]));
        let earlier = waiters.announce(record, first);
        let _later = waiters.announce(record, second);
        drop(earlier);
        assert!(waiters.watch(record, second).is_some());
        assert!(waiters.watch(record, first).is_none());
    }
}
