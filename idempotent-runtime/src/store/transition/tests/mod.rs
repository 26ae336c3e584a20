//! What every step does, case by case.

mod table;

use std::time::Duration;

use super::*;
use crate::clock::Timestamp;
use crate::fingerprint::Fingerprint;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::{Disposition, Headers, Outcome};
use crate::policy::Ttl;
use crate::store::{Claim, Claimed, Completion, Fence, List, Resolution, Takeover, Which, Won};

/// A holds, made or left the row; B comes by.
const A: AttemptId = AttemptId::from_bytes([0xa; 16]);
const B: AttemptId = AttemptId::from_bytes([0xb; 16]);

const NOW: Timestamp = Timestamp::from_millis(1_000);
const LATER: Timestamp = Timestamp::from_millis(1_001);
/// A lease that ended then has lapsed by now.
const LONG_AGO: Timestamp = Timestamp::from_millis(900);
const KEEP: Duration = Duration::from_millis(100);
const LEASE: Duration = Duration::from_millis(30);
const WINDOW: Duration = Duration::from_millis(500);

const SAME: Fingerprint = Fingerprint::from_bytes([1; 32]);
const OTHER: Fingerprint = Fingerprint::from_bytes([2; 32]);

fn row(phase: Phase) -> Row {
    Row::new(SAME, A, phase)
}

fn running(lease_until: Timestamp) -> Row {
    row(Phase::Running {
        lease_until,
        keep: Some(KEEP),
        taken_from: None,
        provisional: None,
    })
}

/// The same, taken over from somebody.
fn taken_over(lease_until: Timestamp) -> Row {
    let (Change::Put(row), Claimed::Won(_)) = claim(
        Some(&Row {
            attempt: B,
            ..running(NOW)
        }),
        &claim_by(A, SAME, Takeover::Abandoned),
        NOW,
    ) else {
        panic!("an abandoned row is taken over")
    };
    let Phase::Running {
        keep, taken_from, ..
    } = row.phase
    else {
        panic!("it runs")
    };
    Row {
        phase: Phase::Running {
            lease_until,
            keep,
            taken_from,
            provisional: None,
        },
        ..row
    }
}

fn ended(expires_at: Timestamp) -> Row {
    row(Phase::Done {
        disposition: Disposition::Completed,
        outcome: None,
        expires_at: Some(expires_at),
    })
}

/// Absent, running, abandoned, lapsed, done, expired, released: the columns of the table.
fn states() -> [Option<Row>; 7] {
    [
        None,
        Some(running(LATER)),
        Some(running(NOW)),
        Some(running(LONG_AGO)),
        Some(ended(LATER)),
        Some(ended(NOW)),
        Some(row(Phase::Released { until: LATER })),
    ]
}

fn claim_by(attempt: AttemptId, fingerprint: Fingerprint, takeover: Takeover) -> Claim {
    let record = RecordId::from_bytes([0; 32]);
    Claim::new(record, fingerprint, attempt, LEASE)
        .takeover(takeover)
        .keep_abandoned(KEEP)
}

fn completion() -> Completion {
    Completion::new(
        Disposition::FailedFinal,
        Some(outcome()),
        Ttl::After(WINDOW),
    )
}

fn outcome() -> Outcome {
    Outcome::new(200, Headers::default(), "body")
}

/// The answer, and what stands there afterwards if that is something else.
#[test]
fn a_row_may_be_swept_once_it_has_expired_lapsed_or_its_mark_is_old() {
    let removable = states().map(|row| row.is_some_and(|row| row.is_removable(NOW)));
    assert_eq!(removable, [false, false, false, true, false, true, false]);
    assert!(row(Phase::Released { until: NOW }).is_removable(NOW));
    let kept = row(Phase::Done {
        disposition: Disposition::Completed,
        outcome: None,
        expires_at: None,
    });
    assert!(!kept.is_removable(Timestamp::from_millis(i64::MAX)));
}

#[test]
fn what_counts_as_absent_is_not_loaded() {
    let loaded = states().map(|row| load(row.as_ref(), NOW).is_some());
    assert_eq!(loaded, [false, true, true, false, true, false, false]);
}

#[test]
fn a_claim_starts_its_lease_now() {
    let (change, _) = claim(None, &claim_by(B, SAME, Takeover::Never), NOW);
    let expected = Phase::Running {
        lease_until: NOW.saturating_add(LEASE),
        keep: Some(KEEP),
        taken_from: None,
        provisional: None,
    };
    let Change::Put(row) = change else {
        panic!("{change:?}")
    };
    assert_eq!(
        (row.attempt, row.fingerprint, row.phase),
        (B, SAME, expected)
    );
}

#[test]
fn a_takeover_keeps_what_was_published_and_from_whom() {
    let (Change::Put(published), Fence::Held) = publish(Some(&running(NOW)), A, outcome()) else {
        panic!("the attempt holds the row")
    };
    let (change, _) = claim(
        Some(&published),
        &claim_by(B, SAME, Takeover::Abandoned),
        NOW,
    );
    let Change::Put(taken) = change else {
        panic!("{change:?}")
    };
    let expected = Claimed::Won(Won {
        generation: A,
        abandoned: 1,
        taken_from: Some(A),
        provisional: Some(outcome()),
    });
    let again = claim(Some(&taken), &claim_by(B, SAME, Takeover::Never), NOW);
    assert_eq!(again, (Change::Put(taken), expected));
}

#[test]
fn a_completion_is_kept_from_now_on() {
    let (change, _) = complete(Some(&running(NOW)), A, completion(), NOW);
    let expected = Phase::Done {
        disposition: Disposition::FailedFinal,
        outcome: Some(outcome()),
        expires_at: Some(NOW.saturating_add(WINDOW)),
    };
    assert_eq!(change, Change::Put(row(expected)));
}

#[test]
fn a_takeover_stays_in_its_generation_and_counts_the_abandoned() {
    let first = Row {
        label: crate::store::Label::new("n", "o"),
        claimed_at: Some(LONG_AGO),
        extra: crate::store::Extra::default().with(1, b"kept"),
        ..running(NOW)
    };
    let (Change::Put(second), _) = claim(
        Some(&first),
        &claim_by(B, SAME, Takeover::Abandoned).label(crate::store::Label::new("x", "y")),
        NOW,
    ) else {
        panic!("it is taken over")
    };
    assert_eq!(second.generation, A);
    assert_eq!(second.abandoned, 1);
    assert_eq!(
        (&second.label, second.claimed_at, &second.extra),
        (&first.label, first.claimed_at, &first.extra)
    );
    let (Change::Put(anew), _) = claim(
        Some(&Row {
            phase: Phase::Released { until: LATER },
            ..second
        }),
        &claim_by(A, SAME, Takeover::Never),
        NOW,
    ) else {
        panic!("it is won anew")
    };
    assert_eq!((anew.generation, anew.abandoned), (A, 0));
    assert_eq!(anew.claimed_at, Some(NOW));
    assert!(anew.extra.is_empty());
}

#[test]
fn the_last_takeover_is_kept_until_somebody_settles_it() {
    let keep = |most| {
        let (Change::Put(row), _) = claim(
            Some(&running(NOW)),
            &claim_by(B, SAME, Takeover::UpTo(most)),
            NOW,
        ) else {
            panic!("it is taken over")
        };
        let Phase::Running { keep, .. } = row.phase else {
            panic!("it runs")
        };
        keep
    };
    assert_eq!(keep(2), None);
    assert_eq!(keep(3), Some(KEEP));
}

#[test]
fn a_takeover_that_is_withdrawn_leaves_the_record_as_if_nobody_had_come_by() {
    let row = taken_over(LATER);
    assert_eq!(row.abandoned, 1);
    let (Change::Put(left), Fence::Held) =
        withdraw(Some(&row), &claim_by(A, SAME, Takeover::Abandoned), NOW)
    else {
        panic!("it is withdrawn")
    };
    assert!(left.is_abandoned(NOW));
    assert_eq!(left.abandoned, 0);
    let again = withdraw(Some(&left), &claim_by(A, SAME, Takeover::Abandoned), NOW);
    assert_eq!(again, (Change::Keep, Fence::Held));
}

#[test]
fn listings_show_the_states_that_they_are_about() {
    let record = RecordId::from_bytes([0; 32]);
    let listed_by = |which| {
        let list = List::new(which);
        states().map(|row| row.is_some_and(|row| listed(record, &row, &list, NOW).is_some()))
    };
    let [yes, no] = [true, false];
    assert_eq!(listed_by(Which::All), [no, yes, yes, no, yes, no, no]);
    assert_eq!(listed_by(Which::Abandoned), [no, no, yes, no, no, no, no]);
    assert_eq!(listed_by(Which::Done), [no, no, no, no, yes, no, no]);
    let running = Which::RunningLongerThan(Duration::ZERO);
    assert_eq!(listed_by(running), [no, yes, yes, no, no, no, no]);
    let final_ones = Which::DoneWith(Disposition::FailedFinal);
    assert_eq!(listed_by(final_ones), [no; 7]);
    let soon = Which::ExpiringWithin(Duration::from_millis(1));
    assert_eq!(listed_by(soon), [no, no, no, no, yes, no, no]);
    assert_eq!(listed_by(Which::ExpiringWithin(Duration::ZERO)), [no; 7]);
}

#[test]
fn a_listing_is_about_its_label() {
    let record = RecordId::from_bytes([0; 32]);
    let row = Row {
        label: crate::store::Label::new("n", "o"),
        ..running(LATER)
    };
    let is_listed = |list: List| listed(record, &row, &list, NOW).is_some();
    assert!(is_listed(
        List::new(Which::All).namespace("n").operation("o")
    ));
    assert!(!is_listed(List::new(Which::All).namespace("o")));
    assert!(!is_listed(List::new(Which::All).operation("n")));
}
