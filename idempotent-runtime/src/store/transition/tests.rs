use super::*;
use crate::fingerprint::Fingerprint;
use crate::identity::RecordId;
use crate::outcome::{Disposition, Headers};

/// A holds, made or left the row; B comes by.
const A: AttemptId = AttemptId::from_bytes([0xa; 16]);
const B: AttemptId = AttemptId::from_bytes([0xb; 16]);

const NOW: Timestamp = Timestamp::from_millis(1_000);
const LATER: Timestamp = Timestamp::from_millis(1_001);
const LEASE: Duration = Duration::from_millis(30);
const WINDOW: Duration = Duration::from_millis(500);

const SAME: Fingerprint = Fingerprint::from_bytes([1; 32]);
const OTHER: Fingerprint = Fingerprint::from_bytes([2; 32]);

fn row(phase: Phase) -> Row {
    Row {
        fingerprint: SAME,
        attempt: A,
        phase,
    }
}

fn running(lease_until: Timestamp) -> Row {
    row(Phase::Running {
        lease_until,
        taken_from: None,
        provisional: None,
    })
}

fn ended(expires_at: Timestamp) -> Row {
    row(Phase::Done {
        disposition: Disposition::Completed,
        outcome: None,
        expires_at: Some(expires_at),
    })
}

/// Absent, running, abandoned, done, expired, released: the columns of the table.
fn states() -> [Option<Row>; 6] {
    [
        None,
        Some(running(LATER)),
        Some(running(NOW)),
        Some(ended(LATER)),
        Some(ended(NOW)),
        Some(row(Phase::Released)),
    ]
}

fn claim_by(attempt: AttemptId, fingerprint: Fingerprint, takeover: Takeover) -> Claim {
    Claim {
        record: RecordId::from_bytes([0; 32]),
        fingerprint,
        attempt,
        lease: LEASE,
        takeover,
    }
}

fn completion() -> Completion {
    Completion {
        disposition: Disposition::FailedFinal,
        outcome: Some(outcome()),
        ttl: Ttl::After(WINDOW),
    }
}

fn outcome() -> Outcome {
    Outcome::new(200, Headers::default(), "body")
}

/// The answer, and what stands there afterwards if that is something else.
fn describe(change: &Change, answer: &str) -> String {
    match change {
        Change::Keep => answer.to_owned(),
        Change::Remove => format!("{answer}, removed"),
        Change::Put(row) => {
            let attempt = if row.attempt == A { "A" } else { "B" };
            let phase = match &row.phase {
                Phase::Running { .. } => "running",
                Phase::Released => "released",
                Phase::Done { .. } => "done",
            };
            format!("{answer}, {phase} {attempt}")
        }
    }
}

fn claimed((change, claimed): (Change, Claimed)) -> String {
    let answer = match claimed {
        Claimed::Won {
            abandoned: None, ..
        } => "won",
        Claimed::Won { .. } => "taken over",
        Claimed::Found(_) => "found",
    };
    describe(&change, answer)
}

fn fenced((change, fence): (Change, Fence)) -> String {
    let answer = match fence {
        Fence::Held => "held",
        Fence::Lost => "lost",
    };
    describe(&change, answer)
}

/// A step by its name, and what becomes of each of the [`states`].
type Line = (&'static str, fn(Option<&Row>) -> String, [&'static str; 6]);

#[rustfmt::skip]
const TABLE: &[Line] = &[
    ("claim, A again", |row| claimed(claim(row, &claim_by(A, SAME, Takeover::Never), NOW)),
        ["won, running A", "won, running A", "won, running A", "found", "won, running A", "won, running A"]),
    ("claim, B", |row| claimed(claim(row, &claim_by(B, SAME, Takeover::Never), NOW)),
        ["won, running B", "found", "found", "found", "won, running B", "won, running B"]),
    ("claim, B takes over", |row| claimed(claim(row, &claim_by(B, SAME, Takeover::Abandoned), NOW)),
        ["won, running B", "found", "taken over, running B", "found", "won, running B", "won, running B"]),
    ("claim, B takes over from A", |row| claimed(claim(row, &claim_by(B, SAME, Takeover::From(A)), NOW)),
        ["won, running B", "found", "taken over, running B", "found", "won, running B", "won, running B"]),
    ("claim, B takes over from B", |row| claimed(claim(row, &claim_by(B, SAME, Takeover::From(B)), NOW)),
        ["won, running B", "found", "found", "found", "won, running B", "won, running B"]),
    ("claim, mismatch by A", |row| claimed(claim(row, &claim_by(A, OTHER, Takeover::Abandoned), NOW)),
        ["won, running A", "found", "found", "found", "won, running A", "won, running A"]),
    ("claim, mismatch by B", |row| claimed(claim(row, &claim_by(B, OTHER, Takeover::Abandoned), NOW)),
        ["won, running B", "found", "found", "found", "won, running B", "won, running B"]),
    ("renew, A", |row| fenced(renew(row, A, LEASE, NOW)),
        ["lost", "held, running A", "held, running A", "lost", "lost", "lost"]),
    ("renew, B", |row| fenced(renew(row, B, LEASE, NOW)),
        ["lost", "lost", "lost", "lost", "lost", "lost"]),
    ("publish, A", |row| fenced(publish(row, A, outcome())),
        ["lost", "held, running A", "held, running A", "lost", "lost", "lost"]),
    ("publish, B", |row| fenced(publish(row, B, outcome())),
        ["lost", "lost", "lost", "lost", "lost", "lost"]),
    ("complete, A", |row| fenced(complete(row, A, completion(), NOW)),
        ["lost", "held, done A", "held, done A", "held", "held", "lost"]),
    ("complete, B", |row| fenced(complete(row, B, completion(), NOW)),
        ["lost", "lost", "lost", "lost", "lost", "lost"]),
    ("release, A", |row| fenced(release(row, A)),
        ["lost", "held, released A", "held, released A", "lost", "lost", "held"]),
    ("release, B", |row| fenced(release(row, B)),
        ["lost", "lost", "lost", "lost", "lost", "lost"]),
    ("forget, A", |row| fenced(forget(row, A)),
        ["lost", "held, removed", "held, removed", "held, removed", "held, removed", "held, removed"]),
    ("forget, B", |row| fenced(forget(row, B)),
        ["lost", "lost", "lost", "lost", "lost", "lost"]),
    ("resolve A by B, release", |row| fenced(resolve(row, A, B, Resolution::Release, NOW)),
        ["lost", "lost", "held, released B", "lost", "lost", "lost"]),
    ("resolve A by B, complete", |row| fenced(resolve(row, A, B, Resolution::Complete(completion()), NOW)),
        ["lost", "lost", "held, done B", "lost", "lost", "lost"]),
    ("resolve B by A, again", |row| fenced(resolve(row, B, A, Resolution::Release, NOW)),
        ["lost", "lost", "lost", "held", "held", "held"]),
];

#[test]
fn every_step_does_to_every_state_what_the_table_says() {
    for (step, run, expected) in TABLE {
        for (state, expected) in states().iter().zip(expected) {
            assert_eq!(run(state.as_ref()), *expected, "{step} on {state:?}");
        }
    }
}

/// The table that the module's documentation shows.
fn rendered() -> String {
    let mut lines = vec![
        line(
            "step",
            [
                "absent",
                "running",
                "abandoned",
                "done",
                "expired",
                "released",
            ],
        ),
        line("---", ["---"; 6]),
    ];
    lines.extend(TABLE.iter().map(|(step, _, cells)| line(step, *cells)));
    lines.concat()
}

fn line(first: &str, cells: [&str; 6]) -> String {
    format!("//! | {first} | {} |\n", cells.join(" | "))
}

#[test]
fn the_documentation_shows_the_table() {
    let table = rendered();
    assert!(
        include_str!("../transition.rs").contains(&table),
        "it must read\n{table}"
    );
}

#[test]
fn only_finished_rows_are_free() {
    let free = states().map(|row| row.is_some_and(|row| row.is_free(NOW)));
    assert_eq!(free, [false, false, false, false, true, true]);
    let kept = row(Phase::Done {
        disposition: Disposition::Completed,
        outcome: None,
        expires_at: None,
    });
    assert!(!kept.is_free(Timestamp::from_millis(i64::MAX)));
}

#[test]
fn what_counts_as_absent_is_not_loaded() {
    let loaded = states().map(|row| load(row.as_ref(), NOW).is_some());
    assert_eq!(loaded, [false, true, true, true, false, false]);
}

#[test]
fn a_claim_starts_its_lease_now() {
    let (change, _) = claim(None, &claim_by(B, SAME, Takeover::Never), NOW);
    let expected = Phase::Running {
        lease_until: NOW.saturating_add(LEASE),
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
    let expected = Claimed::Won {
        abandoned: Some(A),
        provisional: Some(outcome()),
    };
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
