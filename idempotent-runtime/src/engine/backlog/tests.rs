use std::collections::HashSet;
use std::sync::Mutex;

use super::*;
use crate::clock::{ManualClock, Timestamp};
use crate::fingerprint::Fingerprint;
use crate::outcome::{Disposition, Headers, Outcome};
use crate::policy::Ttl;
use crate::store::RowStore;
use crate::store::transition::{Change, Phase, Row};

fn waiting(number: u64, errand: Errand) -> Waiting {
    let mut record = [0; 32];
    record[..8].copy_from_slice(&number.to_be_bytes());
    Waiting {
        record: RecordId::from_bytes(record),
        attempt: AttemptId::from_bytes([1; 16]),
        errand,
        since: Duration::from_secs(number),
    }
}

fn completion(bytes: usize) -> Errand {
    let outcome = Outcome::new(200, Headers::default(), vec![b'x'; bytes]);
    let completion = Completion::new(Disposition::Completed, Some(outcome), Ttl::hours(1));
    Errand::Complete(completion)
}

fn withdrawal(number: u64) -> Errand {
    let Waiting {
        record, attempt, ..
    } = waiting(number, Errand::Release);
    let fingerprint = Fingerprint::from_bytes([2; 32]);
    Errand::Withdraw(Claim::new(
        record,
        fingerprint,
        attempt,
        Duration::from_secs(30),
    ))
}

#[test]
fn of_too_many_the_oldest_that_matter_least_are_given_up() {
    let mut state = State::default();
    state.push_back(waiting(0, completion(1)));
    for number in 1..=2 {
        state.push_back(waiting(number, Errand::EndLease));
    }
    for number in 3..3 + MOST as u64 {
        state.push_back(waiting(number, Errand::Release));
    }
    state.keep_within_bounds();
    assert_eq!((state.len(), state.given_up), (MOST, 3));
    let left: Vec<_> = state.waiting.iter().map(VecDeque::len).collect();
    assert_eq!(left, [0, 0, MOST - 1, 1]);
    assert_eq!(state.waiting[2][0].since, Duration::from_secs(4));
}

#[test]
fn of_too_many_bytes_the_oldest_bodies_are_dropped_and_no_completion_is() {
    let mut state = State::default();
    for number in 0..5 {
        state.push_back(waiting(number, completion(MOST_BYTES / 4)));
    }
    state.keep_within_bounds();
    assert_eq!(state.bytes, MOST_BYTES);
    assert_eq!((state.len(), state.given_up, state.not_kept), (5, 0, 1));
    let kept = state.waiting[3].iter().map(|it| it.bytes() > 0);
    assert_eq!(kept.collect::<Vec<_>>(), [false, true, true, true, true]);
}

/// Fails or hangs for the records that it is told, and does nothing for the others.
#[derive(Clone, Debug, Default)]
struct Sieve {
    hangs: Arc<Mutex<HashSet<RecordId>>>,
    fails: Arc<Mutex<HashSet<RecordId>>>,
    asked: Arc<Mutex<Vec<RecordId>>>,
    /// Whether it can hold no outcome.
    is_small: bool,
    /// Of each completion, whether its outcome was kept.
    kept: Arc<Mutex<Vec<bool>>>,
}

/// What it shows of every record.
fn running() -> Row {
    let attempt = AttemptId::from_bytes([1; 16]);
    let phase = Phase::Running {
        lease_until: Timestamp::from_millis(1),
        keep: None,
        taken_from: None,
        provisional: None,
    };
    Row::new(Fingerprint::from_bytes([2; 32]), attempt, phase)
}

impl RowStore for Sieve {
    async fn step<A: Send + 'static>(
        &self,
        record: RecordId,
        decide: impl Fn(Option<&Row>, Timestamp) -> (Change, A) + Send + Sync + 'static,
    ) -> Result<A, StoreError> {
        self.asked.lock().unwrap().push(record);
        if self.hangs.lock().unwrap().contains(&record) {
            std::future::pending::<()>().await;
        }
        if self.fails.lock().unwrap().contains(&record) {
            return Err(StoreError::unknown("it fails"));
        }
        let now = Timestamp::from_millis(0);
        let (change, answer) = decide(Some(&running()), now);
        if let Change::Put(row) = change
            && let Phase::Done { outcome, .. } = row.phase
        {
            if outcome.is_some() && self.is_small {
                return Err(StoreError::too_large("it is too large"));
            }
            self.kept.lock().unwrap().push(outcome.is_some());
        }
        Ok(answer)
    }

    async fn scan(
        &self,
        _: Option<RecordId>,
        _: usize,
    ) -> Result<(Vec<(RecordId, Row)>, Timestamp), StoreError> {
        Ok((Vec::new(), Timestamp::from_millis(0)))
    }

    async fn sweep(&self, _: usize) -> Result<usize, StoreError> {
        Ok(0)
    }
}

fn backlog(sieve: &Sieve, clock: &ManualClock) -> Arc<Backlog> {
    let (store, clock) = (sieve.clone(), clock.clone());
    Arc::new(Backlog::new(Arc::new(store), Arc::new(clock)))
}

fn push(backlog: &Arc<Backlog>, waiting: Waiting) {
    backlog.push(waiting.record, waiting.attempt, waiting.errand);
}

/// Lets everything run that needs no time.
async fn run() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_that_hangs_holds_up_no_other() {
    let (sieve, clock) = (Sieve::default(), ManualClock::new());
    let backlog = backlog(&sieve, &clock);
    for number in 0..100 {
        let waiting = waiting(number, completion(1));
        if number == 0 {
            sieve.hangs.lock().unwrap().insert(waiting.record);
        }
        push(&backlog, waiting);
    }
    run().await;
    assert_eq!(backlog.len(), 1);
    assert_eq!(sieve.asked.lock().unwrap().len(), 100);
}

#[tokio::test]
async fn what_matters_less_gets_its_turn_while_outcomes_fail() {
    let (sieve, clock) = (Sieve::default(), ManualClock::new());
    let backlog = backlog(&sieve, &clock);
    let withdrawn = waiting(1_000, withdrawal(1_000));
    push(&backlog, withdrawn.clone());
    for number in 0..100 {
        let waiting = waiting(number, completion(1));
        sieve.fails.lock().unwrap().insert(waiting.record);
        push(&backlog, waiting);
    }
    run().await;
    assert!(sieve.asked.lock().unwrap().contains(&withdrawn.record));
    assert_eq!(backlog.len(), 100);
}

#[tokio::test]
async fn an_outcome_that_the_store_cannot_hold_is_recorded_as_not_kept() {
    let clock = ManualClock::new();
    let sieve = Sieve {
        is_small: true,
        ..Sieve::default()
    };
    let backlog = backlog(&sieve, &clock);
    push(&backlog, waiting(0, completion(1)));
    run().await;
    clock.advance(FIRST_PAUSE);
    run().await;
    assert_eq!(*sieve.kept.lock().unwrap(), [false]);
    assert_eq!(backlog.len(), 0);
    assert_eq!(backlog.lock().bytes, 0);
}

#[tokio::test]
async fn each_is_given_up_a_quarter_of_an_hour_after_it_came() {
    let (sieve, clock) = (Sieve::default(), ManualClock::new());
    let backlog = backlog(&sieve, &clock);
    let waiting = waiting(0, completion(1));
    sieve.fails.lock().unwrap().insert(waiting.record);
    push(&backlog, waiting);
    let mut passed = Duration::ZERO;
    while backlog.len() > 0 {
        run().await;
        clock.advance(Duration::from_secs(1));
        passed += Duration::from_secs(1);
        assert!(passed < GIVEN_UP_AFTER + LONGEST_PAUSE * 2);
    }
    assert!(passed >= GIVEN_UP_AFTER, "{passed:?}");
}

#[test]
fn it_goes_on_elsewhere_where_the_runtime_of_its_worker_ended() {
    let (sieve, clock) = (Sieve::default(), ManualClock::new());
    let backlog = backlog(&sieve, &clock);
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
    };
    let first = runtime();
    let waiting = waiting(0, completion(1));
    sieve.hangs.lock().unwrap().insert(waiting.record);
    first.block_on(async {
        push(&backlog, waiting);
        run().await;
    });
    let watch = backlog.watch();
    assert_eq!(backlog.len(), 1);
    drop(first);
    sieve.hangs.lock().unwrap().clear();

    let second = runtime();
    watch.go_on(second.handle());
    second.block_on(run());
    assert_eq!(backlog.len(), 0);
}
