//! The suite finds stores that are broken: each flaw here is one that somebody's store has had or could have.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard};

use super::*;
use crate::clock::{Clock, ManualClock, Timestamp};
use crate::store::RowStore;
use crate::store::transition::{Change, Phase, Row};

mod steps;

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    Nothing,
    /// Reads, thinks and writes without a lock.
    NotAtomic,
    /// Compares times by "after" where it should be "at or after", or keeps them in another unit.
    EndsOneMillisecondLate,
    EndsOneMillisecondEarly,
    /// Finds records by a prefix of their ids.
    ShortIds,
    /// Keeps headers in a map.
    HeadersMerged,
    /// Cuts what does not fit its column.
    BodiesCut,
    /// Has one column for the body, where absent and empty are one.
    NothingIsEmpty,
    /// Forgets on takeover what there was.
    TakeoverForgets,
    /// Releases by removing the row.
    ReleasesByRemoving,
    /// Sweeps whatever is past its time, abandoned records too.
    SweepsAbandoned,
    /// Sweeps what it found a while ago, whatever stands there now.
    SweepsBlindly,
    SweepsTooMuch,
}

/// Rows in a map, all that a store needs, but for its flaw.
#[derive(Clone, Debug)]
struct MapStore {
    flaw: Flaw,
    clock: ManualClock,
    rows: Arc<Mutex<BTreeMap<RecordId, Row>>>,
}

impl MapStore {
    fn new(flaw: Flaw) -> Self {
        Self {
            flaw,
            clock: ManualClock::new(),
            rows: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RecordId, Row>> {
        self.rows.lock().unwrap()
    }

    fn id(&self, record: RecordId) -> RecordId {
        let mut bytes = *record.as_bytes();
        if self.flaw == Flaw::ShortIds {
            bytes[16..].fill(0);
        }
        RecordId::from_bytes(bytes)
    }

    /// The row as the store compares its times.
    fn read(&self, rows: &BTreeMap<RecordId, Row>, record: RecordId) -> Option<Row> {
        let mut row = rows.get(&record)?.clone();
        let late = match self.flaw {
            Flaw::EndsOneMillisecondLate => 1,
            Flaw::EndsOneMillisecondEarly => -1,
            _ => 0,
        };
        if let Phase::Running {
            lease_until: at, ..
        }
        | Phase::Done {
            expires_at: Some(at),
            ..
        } = &mut row.phase
        {
            *at = Timestamp::from_millis(at.as_millis() + late);
        }
        Some(row)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn write(&self, rows: &mut BTreeMap<RecordId, Row>, record: RecordId, change: Change) {
        match change {
            Change::Keep => {}
            Change::Put(Row {
                phase: Phase::Released { .. },
                ..
            }) if self.flaw == Flaw::ReleasesByRemoving => drop(rows.remove(&record)),
            Change::Put(row) => drop(rows.insert(record, self.spoil(row))),
            Change::Remove => drop(rows.remove(&record)),
        }
    }

    fn spoil(&self, mut row: Row) -> Row {
        if let Phase::Running {
            taken_from: taken_from @ Some(_),
            ..
        } = &mut row.phase
            && self.flaw == Flaw::TakeoverForgets
        {
            *taken_from = None;
        }
        if let Phase::Done { outcome, .. } = &mut row.phase {
            *outcome = match outcome.take() {
                None if self.flaw == Flaw::NothingIsEmpty => Some(super::outcome("")),
                None => None,
                Some(outcome) => Some(self.spoil_outcome(&outcome)),
            };
        }
        row
    }

    fn spoil_outcome(&self, outcome: &Outcome) -> Outcome {
        let mut pairs: Vec<_> = outcome.headers().iter().collect();
        if self.flaw == Flaw::HeadersMerged {
            pairs.sort_unstable();
            pairs.dedup_by_key(|(name, _)| *name);
        }
        let mut body = outcome.body().clone();
        if self.flaw == Flaw::BodiesCut {
            body.truncate(65_535);
        }
        Outcome::new(outcome.status(), Headers::pack(pairs).unwrap(), body)
    }

    fn may_sweep(&self, row: &Row) -> bool {
        let past =
            matches!(row.phase, Phase::Running { lease_until, .. } if lease_until <= self.now());
        row.is_removable(self.now()) || (self.flaw == Flaw::SweepsAbandoned && past)
    }
}

/// As they do where a store asks a server twice.
async fn others_get_in_between() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

impl RowStore for MapStore {
    async fn step<A: Send + 'static>(
        &self,
        record: RecordId,
        decide: impl Fn(Option<&Row>, Timestamp) -> (Change, A) + Send + Sync + 'static,
    ) -> Result<A, StoreError> {
        let record = self.id(record);
        if self.flaw == Flaw::NotAtomic {
            let row = self.read(&self.lock(), record);
            others_get_in_between().await;
            let (change, answer) = decide(row.as_ref(), self.now());
            self.write(&mut self.lock(), record, change);
            return Ok(answer);
        }
        let mut rows = self.lock();
        let row = self.read(&rows, record);
        let (change, answer) = decide(row.as_ref(), self.now());
        self.write(&mut rows, record, change);
        Ok(answer)
    }

    async fn scan(
        &self,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<(Vec<(RecordId, Row)>, Timestamp), StoreError> {
        let rows = self.lock();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let page = rows.range((from, Bound::Unbounded)).take(limit);
        let page = page.map(|(record, row)| (*record, row.clone())).collect();
        Ok((page, self.now()))
    }

    async fn sweep(&self, limit: usize) -> Result<usize, StoreError> {
        let limit = limit.saturating_add(usize::from(self.flaw == Flaw::SweepsTooMuch));
        let free: Vec<_> = {
            let rows = self.lock();
            let free = rows.iter().filter(|(_, row)| self.may_sweep(row));
            free.map(|(record, _)| *record).take(limit).collect()
        };
        if self.flaw == Flaw::SweepsBlindly {
            others_get_in_between().await;
        }
        let mut swept = 0;
        for record in free {
            let mut rows = self.lock();
            let still = rows.get(&record).is_some_and(|row| self.may_sweep(row));
            if still || self.flaw == Flaw::SweepsBlindly {
                swept += usize::from(rows.remove(&record).is_some());
            }
        }
        Ok(swept)
    }
}

impl Harness for MapStore {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.clone())
    }

    fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }
}

/// How often a test may miss a race before it counts as not finding it.
const RUNS: usize = 20;

/// Runs a test of the suite, which must fail, and say which promise was broken.
fn fails<F: Future<Output = ()>>(name: &str, test: impl Fn() -> F) {
    let failed = (0..RUNS)
        .find_map(|_| catch_unwind(AssertUnwindSafe(|| run(test()))).err())
        .unwrap_or_else(|| panic!("{name} passed"));
    let message = failed.downcast_ref::<String>().unwrap();
    assert!(
        message.starts_with("the store broke a promise: "),
        "{message}"
    );
    assert!(message.contains("conformance"), "{message}");
}

/// A flaw, and the tests of the suite that find it.
macro_rules! found {
    ($($name:ident: $broken:expr => [$($module:ident::$test:ident),+ $(,)?];)*) => {$(
        #[test]
        fn $name() {
            $(fails(stringify!($test), || async { crate::store::conformance::$module::$test(&$broken).await });)+
        }
    )*};
}
use found;

found! {
    steps_that_are_not_atomic: MapStore::new(Flaw::NotAtomic) => [
        concurrency::one_of_many_claims_wins,
        concurrency::one_of_many_takes_over,
        concurrency::one_of_many_claims_wins_what_was_given_back,
        concurrency::one_of_many_claims_wins_what_expired,
    ];
    times_that_end_late: MapStore::new(Flaw::EndsOneMillisecondLate) => [
        times::a_lease_ends_at_its_very_millisecond,
        times::a_renewal_of_zero_abandons_at_once,
        times::an_outcome_expires_at_its_very_millisecond,
    ];
    times_that_end_early: MapStore::new(Flaw::EndsOneMillisecondEarly) => [
        times::a_lease_ends_at_its_very_millisecond,
        times::an_outcome_expires_at_its_very_millisecond,
    ];
    ids_that_are_cut: MapStore::new(Flaw::ShortIds) => [claims::every_byte_of_a_record_id_counts];
    headers_that_are_merged: MapStore::new(Flaw::HeadersMerged) => [outcomes::repeated_headers_keep_their_order];
    bodies_that_are_cut: MapStore::new(Flaw::BodiesCut) => [outcomes::a_mebibyte_is_kept_as_it_is];
    an_absent_outcome_that_becomes_empty: MapStore::new(Flaw::NothingIsEmpty) => [
        outcomes::an_outcome_that_was_not_kept_is_told_from_an_empty_one,
    ];
    takeovers_that_forget: MapStore::new(Flaw::TakeoverForgets) => [
        claims::a_repeated_claim_after_a_takeover_names_the_same_attempt,
    ];
    releases_that_remove: MapStore::new(Flaw::ReleasesByRemoving) => [fences::a_repeated_release_is_held];
    sweeps_of_abandoned_records: MapStore::new(Flaw::SweepsAbandoned) => [
        sweeping::running_abandoned_and_kept_records_are_not_swept,
    ];
    sweeps_that_do_not_look_again: MapStore::new(Flaw::SweepsBlindly) => [
        sweeping::a_sweep_spares_records_that_are_claimed_meanwhile,
    ];
    sweeps_beyond_their_limit: MapStore::new(Flaw::SweepsTooMuch) => [
        sweeping::a_sweep_removes_at_most_its_limit,
        sweeping::a_sweep_of_nothing_removes_nothing,
    ];
}

// Without a flaw the same store passes: what fails above does so for its flaw.
crate::store_conformance!(sound, MapStore::new(Flaw::Nothing));
