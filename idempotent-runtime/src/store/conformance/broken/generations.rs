//! Stores that keep less of a generation, or of a mark, than they should, or more.

use super::rows::MapStore;
use super::*;
use crate::store::{Extra, Resolution};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    /// Compares labels without their case, and keeps them so.
    LabelsInLowerCase,
    /// Writes the label of whoever came last.
    TakeoverRelabels,
    /// Names a generation after whoever came last.
    TakeoverBeginsAnew,
    SettlingBeginsAnew,
    /// Does not count who abandoned the record.
    CountsNothing,
    /// Updates a row that counts as absent, and leaves how it began.
    GenerationStays,
    /// Writes the time of the last change.
    ClaimedAtMoves,
    ClaimedAtUnknown,
    /// Keeps abandoned records for ever.
    NeverLapses,
    /// Gives every abandoned record a time.
    AlwaysLapses,
    /// Fixes when a record lapses, and renews its lease alone.
    LapseIsFixed,
    /// Keeps a record as long as its first claim said.
    KeepOfTheFirst,
    /// Takes a lapsed record for absent, also where its own attempt asks.
    LapsedIsGone,
    /// Lets the mark of a release be swept at once.
    MarksGo,
    /// Lists what counts as absent.
    ListsAbsent,
}

/// Rows in a map that are written with a flaw.
#[derive(Clone, Debug)]
struct Spoilt {
    flaw: Flaw,
    inner: MapStore,
}

impl Spoilt {
    fn new(flaw: Flaw) -> Self {
        Self {
            flaw,
            inner: MapStore::new(rows::Flaw::Nothing),
        }
    }
}

impl Flaw {
    /// What is written in place of this row.
    fn spoil(self, before: Option<&Row>, row: &mut Row, now: Timestamp) {
        let is_takeover = before.is_some_and(|it| !it.is_absent(now) && it.attempt != row.attempt);
        let is_done = matches!(row.phase, Phase::Done { .. });
        match (self, before) {
            (Self::LabelsInLowerCase, _) => {
                let [namespace, operation] =
                    [row.label.namespace(), row.label.operation()].map(str::to_lowercase);
                row.label = Label::new(namespace, operation);
            }
            (Self::TakeoverRelabels, _) if is_takeover => row.label = Label::default(),
            (Self::TakeoverBeginsAnew, _) if is_takeover && !is_done => {
                row.generation = row.attempt;
            }
            (Self::SettlingBeginsAnew, _) if is_takeover && is_done => row.generation = row.attempt,
            (Self::CountsNothing, _) => row.abandoned = 0,
            (Self::GenerationStays, Some(before)) => {
                row.generation = before.generation;
                row.claimed_at = before.claimed_at;
            }
            (Self::ClaimedAtMoves, _) => row.claimed_at = Some(now),
            (Self::ClaimedAtUnknown, _) => row.claimed_at = None,
            (Self::MarksGo, _) => {
                if let Phase::Released { until } = &mut row.phase {
                    *until = now;
                }
            }
            _ => self.spoil_lapse(before, row),
        }
    }

    fn spoil_lapse(self, before: Option<&Row>, row: &mut Row) {
        let Phase::Running {
            lease_until, keep, ..
        } = &mut row.phase
        else {
            return;
        };
        let before = before.and_then(|before| match &before.phase {
            Phase::Running {
                lease_until,
                keep: Some(keep),
                ..
            } => Some((lease_until.as_millis(), *keep)),
            _ => None,
        });
        match (self, before) {
            (Self::NeverLapses, _) => *keep = None,
            (Self::AlwaysLapses, _) => *keep = keep.or(Some(WINDOW)),
            (Self::KeepOfTheFirst, Some((_, first))) => *keep = Some(first),
            (Self::LapseIsFixed, Some((lease_ended, first))) => {
                let later = lease_until.as_millis().saturating_sub(lease_ended);
                let later = Duration::from_millis(u64::try_from(later).unwrap_or_default());
                *keep = Some(first.saturating_sub(later));
            }
            _ => {}
        }
    }
}

impl RowStore for Spoilt {
    async fn step<A: Send + 'static>(
        &self,
        record: RecordId,
        decide: impl Fn(Option<&Row>, Timestamp) -> (Change, A) + Send + Sync + 'static,
    ) -> Result<A, StoreError> {
        let flaw = self.flaw;
        let spoilt = move |row: Option<&Row>, now| {
            let is_lapsed =
                |row: &Row| matches!(row.phase, Phase::Running { .. }) && row.is_removable(now);
            let row = row.filter(|row| flaw != Flaw::LapsedIsGone || !is_lapsed(row));
            let (mut change, answer) = decide(row, now);
            if let Change::Put(written) = &mut change {
                flaw.spoil(row, written, now);
            }
            (change, answer)
        };
        self.inner.step(record, spoilt).await
    }

    async fn scan(
        &self,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<(Vec<(RecordId, Row)>, Timestamp), StoreError> {
        let (rows, now) = self.inner.scan(after, limit).await?;
        if self.flaw == Flaw::ListsAbsent {
            return Ok((rows, Timestamp::from_millis(i64::MIN)));
        }
        Ok((rows, now))
    }

    async fn sweep(&self, limit: usize) -> Result<usize, StoreError> {
        RowStore::sweep(&self.inner, limit).await
    }
}

impl Harness for Spoilt {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.clone())
    }

    fn advance(&self, duration: Duration) {
        self.inner.advance(duration);
    }
}

found! {
    labels_without_their_case: Spoilt::new(Flaw::LabelsInLowerCase) => [
        generations::every_label_is_kept_as_it_is,
    ];
    takeovers_that_relabel: Spoilt::new(Flaw::TakeoverRelabels) => [
        generations::a_record_keeps_the_label_of_the_claim_that_made_it,
    ];
    takeovers_that_begin_anew: Spoilt::new(Flaw::TakeoverBeginsAnew) => [
        generations::a_takeover_goes_on_with_the_generation_and_counts_who_abandoned_it,
    ];
    resolutions_that_begin_anew: Spoilt::new(Flaw::SettlingBeginsAnew) => [
        generations::a_resolved_record_stays_of_its_generation,
    ];
    abandoned_attempts_that_nobody_counts: Spoilt::new(Flaw::CountsNothing) => [
        generations::a_takeover_goes_on_with_the_generation_and_counts_who_abandoned_it,
        generations::a_takeover_needs_fewer_abandoned_attempts_than_it_names,
    ];
    generations_that_do_not_end: Spoilt::new(Flaw::GenerationStays) => [
        generations::a_record_that_is_won_anew_begins_another_generation,
        generations::a_record_says_when_its_generation_began,
    ];
    first_claims_that_move: Spoilt::new(Flaw::ClaimedAtMoves) => [
        generations::a_record_says_when_its_generation_began,
    ];
    first_claims_that_are_unknown: Spoilt::new(Flaw::ClaimedAtUnknown) => [
        claims::an_absent_record_is_won,
        generations::a_record_says_when_its_generation_began,
    ];
    records_that_never_lapse: Spoilt::new(Flaw::NeverLapses) => [
        lapsing::an_abandoned_record_lapses_at_its_very_millisecond,
        lapsing::a_lapsed_record_is_swept,
        lapsing::a_record_lapses_whose_takeover_was_withdrawn,
    ];
    records_that_always_lapse: Spoilt::new(Flaw::AlwaysLapses) => [
        lapsing::a_record_that_is_kept_until_it_is_settled_does_not_lapse,
        times::a_running_record_does_not_expire,
    ];
    renewals_that_leave_the_lapse: Spoilt::new(Flaw::LapseIsFixed) => [lapsing::a_renewal_postpones_the_lapse];
    takeovers_that_are_kept_as_the_first: Spoilt::new(Flaw::KeepOfTheFirst) => [
        lapsing::a_takeover_says_how_long_its_record_is_kept,
    ];
    lapsed_records_that_nobody_settles: Spoilt::new(Flaw::LapsedIsGone) => [
        lapsing::an_attempt_may_settle_a_lapsed_record_that_nobody_took,
    ];
    marks_that_go_at_once: Spoilt::new(Flaw::MarksGo) => [
        withdrawals::the_mark_of_an_attempt_stays_for_two_minutes,
        sweeping::expired_and_released_records_are_swept,
    ];
    listings_of_what_counts_as_absent: Spoilt::new(Flaw::ListsAbsent) => [
        listing::a_record_that_counts_as_absent_is_not_listed,
    ];
}

/// A later release keeps something there, and this one must leave it. `Store` doesn't show it, so the suite can't ask.
#[tokio::test]
async fn extra_fields_stay_through_a_generation_and_end_with_it() {
    let store = MapStore::new(rows::Flaw::Nothing);
    let first = new_claim();
    win(&store, &first).await;
    let later = Extra::default().with(0xbeef, b"of a later release");
    let set = |extra| {
        let mut rows = store.rows.lock().unwrap();
        rows.get_mut(&first.record).unwrap().extra = extra;
    };
    set(later.clone());
    let extra = || store.rows.lock().unwrap()[&first.record].extra.clone();

    let (record, second) = (first.record, retry(&first));
    win(&store, &first).await;
    held(store.publish(record, first.attempt, outcome("begun"))).await;
    held(store.renew(record, first.attempt, Duration::ZERO)).await;
    win_from(&store, &second).await;
    assert_eq!(extra(), later);
    held(store.withdraw(second.clone())).await;
    assert_eq!(extra(), later);
    let by = AttemptId::random();
    let settled = Resolution::Complete(completion("settled"));
    held(store.resolve(record, second.attempt, by, settled)).await;
    assert_eq!(extra(), later);

    store.advance(WINDOW);
    win(&store, &retry(&first)).await;
    assert_eq!(extra(), Extra::default());
}
