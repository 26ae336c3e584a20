//! Rows in a map, read, written, compared and swept with a flaw.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard};

use super::*;
use crate::clock::Steady;

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
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
    /// Judges by the wall clock, which may be set.
    WallClock,
    /// Cannot tell an outcome that it will never hold from a server that doesn't answer.
    TooLargeIsUnknown,
    /// Writes what it holds of an outcome before it finds that there is more.
    TooLargeIsBegun,
}

/// The largest body that the store holds.
const LARGEST: usize = 2 * 1024 * 1024;

/// Rows in a map, all that a store needs, but for its flaw.
#[derive(Clone, Debug)]
pub(super) struct MapStore {
    flaw: Flaw,
    pub(super) clock: ManualClock,
    time: Steady,
    pub(super) rows: Arc<Mutex<BTreeMap<RecordId, Row>>>,
}

impl MapStore {
    pub(super) fn new(flaw: Flaw) -> Self {
        let clock = ManualClock::new();
        Self {
            flaw,
            time: Steady::new(Arc::new(clock.clone())),
            clock,
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

    pub(super) fn now(&self) -> Timestamp {
        match self.flaw {
            Flaw::WallClock => self.clock.now(),
            _ => self.time.now(),
        }
    }

    /// Refuses what is too large, as a column does, or a packet.
    fn fits(&self, change: &Change) -> Result<(), StoreError> {
        let Change::Put(row) = change else {
            return Ok(());
        };
        let (Phase::Running {
            provisional: outcome,
            ..
        }
        | Phase::Done { outcome, .. }) = &row.phase
        else {
            return Ok(());
        };
        let fits = |outcome: &Outcome| outcome.body().len() <= LARGEST;
        match self.flaw {
            _ if outcome.as_ref().is_none_or(fits) => Ok(()),
            Flaw::TooLargeIsUnknown => Err(StoreError::unknown("the connection was closed")),
            _ => Err(StoreError::too_large("there are two mebibytes")),
        }
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
            self.fits(&change)?;
            self.write(&mut self.lock(), record, change);
            return Ok(answer);
        }
        let mut rows = self.lock();
        let row = self.read(&rows, record);
        let (change, answer) = decide(row.as_ref(), self.now());
        if self.flaw != Flaw::TooLargeIsBegun {
            self.fits(&change)?;
        }
        self.write(&mut rows, record, change.clone());
        self.fits(&change)?;
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

    fn too_large(&self) -> Option<usize> {
        Some(LARGEST + 1)
    }

    fn step_wall(&self, millis: i64) -> bool {
        self.clock.step_wall(millis);
        true
    }
}

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
        lapsing::an_abandoned_record_lapses_at_its_very_millisecond,
    ];
    times_that_end_early: MapStore::new(Flaw::EndsOneMillisecondEarly) => [
        times::a_lease_ends_at_its_very_millisecond,
        times::an_outcome_expires_at_its_very_millisecond,
        lapsing::an_abandoned_record_lapses_at_its_very_millisecond,
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
    releases_that_remove: MapStore::new(Flaw::ReleasesByRemoving) => [
        fences::a_repeated_release_is_held,
        withdrawals::a_claim_that_comes_after_its_release_is_refused,
        withdrawals::a_claim_that_comes_after_its_withdrawal_is_refused,
        withdrawals::a_withdrawal_leaves_its_mark_where_a_record_counts_as_absent,
    ];
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
    leases_by_the_wall_clock: MapStore::new(Flaw::WallClock) => [
        times::a_step_of_the_wall_clock_ends_no_lease,
    ];
    outcomes_that_never_fit_and_are_sent_again: MapStore::new(Flaw::TooLargeIsUnknown) => [
        outcomes::an_outcome_that_the_store_cannot_hold_is_refused_and_the_record_goes_on,
    ];
    outcomes_that_never_fit_and_are_begun: MapStore::new(Flaw::TooLargeIsBegun) => [
        outcomes::an_outcome_that_the_store_cannot_hold_is_refused_and_the_record_goes_on,
    ];
}

// Without a flaw the same store passes: what fails above does so for its flaw.
crate::store_conformance!(sound, MapStore::new(Flaw::Nothing));
