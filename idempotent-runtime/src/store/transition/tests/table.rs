//! The table in the documentation.

use super::*;

fn describe(change: &Change, answer: &str) -> String {
    match change {
        Change::Keep => answer.to_owned(),
        Change::Remove => format!("{answer}, removed"),
        Change::Put(row) => {
            let attempt = if row.attempt == A { "A" } else { "B" };
            let phase = match &row.phase {
                Phase::Running { .. } => "running",
                Phase::Released { .. } => "released",
                Phase::Done { .. } => "done",
            };
            format!("{answer}, {phase} {attempt}")
        }
    }
}

fn claimed((change, claimed): (Change, Claimed)) -> String {
    let answer = match claimed {
        Claimed::Won(Won {
            taken_from: None, ..
        }) => "won",
        Claimed::Won(_) => "taken over",
        Claimed::Found(_) => "found",
        Claimed::Withdrawn => "refused",
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
type Line = (&'static str, fn(Option<&Row>) -> String, [&'static str; 7]);

#[rustfmt::skip]
const TABLE: &[Line] = &[
    ("claim, A again", |row| claimed(claim(row, &claim_by(A, SAME, Takeover::Never), NOW)),
        ["won, running A", "won, running A", "won, running A", "won, running A", "found", "won, running A", "refused"]),
    ("claim, B", |row| claimed(claim(row, &claim_by(B, SAME, Takeover::Never), NOW)),
        ["won, running B", "found", "found", "won, running B", "found", "won, running B", "won, running B"]),
    ("claim, B takes over", |row| claimed(claim(row, &claim_by(B, SAME, Takeover::Abandoned), NOW)),
        ["won, running B", "found", "taken over, running B", "won, running B", "found", "won, running B", "won, running B"]),
    ("claim, B takes over from A", |row| claimed(claim(row, &claim_by(B, SAME, Takeover::From(A)), NOW)),
        ["won, running B", "found", "taken over, running B", "won, running B", "found", "won, running B", "won, running B"]),
    ("claim, B takes over from B", |row| claimed(claim(row, &claim_by(B, SAME, Takeover::From(B)), NOW)),
        ["won, running B", "found", "found", "won, running B", "found", "won, running B", "won, running B"]),
    ("claim, B takes over the first", |row| claimed(claim(row, &claim_by(B, SAME, Takeover::UpTo(2)), NOW)),
        ["won, running B", "found", "taken over, running B", "won, running B", "found", "won, running B", "won, running B"]),
    ("claim, B takes over none after the first", |row| claimed(claim(row, &claim_by(B, SAME, Takeover::UpTo(1)), NOW)),
        ["won, running B", "found", "found", "won, running B", "found", "won, running B", "won, running B"]),
    ("claim, mismatch by A", |row| claimed(claim(row, &claim_by(A, OTHER, Takeover::Abandoned), NOW)),
        ["won, running A", "found", "found", "won, running A", "found", "won, running A", "refused"]),
    ("claim, mismatch by B", |row| claimed(claim(row, &claim_by(B, OTHER, Takeover::Abandoned), NOW)),
        ["won, running B", "found", "found", "won, running B", "found", "won, running B", "won, running B"]),
    ("withdraw, A", |row| fenced(withdraw(row, &claim_by(A, SAME, Takeover::Never), NOW)),
        ["held, released A", "held, released A", "held, released A", "held, released A", "lost", "lost", "held"]),
    ("withdraw, B", |row| fenced(withdraw(row, &claim_by(B, SAME, Takeover::Never), NOW)),
        ["held, released B", "lost", "lost", "held, released B", "lost", "held, released B", "held, released B"]),
    ("renew, A", |row| fenced(renew(row, A, LEASE, NOW)),
        ["lost", "held, running A", "held, running A", "held, running A", "lost", "lost", "lost"]),
    ("renew, B", |row| fenced(renew(row, B, LEASE, NOW)),
        ["lost", "lost", "lost", "lost", "lost", "lost", "lost"]),
    ("publish, A", |row| fenced(publish(row, A, outcome())),
        ["lost", "held, running A", "held, running A", "held, running A", "lost", "lost", "lost"]),
    ("publish, B", |row| fenced(publish(row, B, outcome())),
        ["lost", "lost", "lost", "lost", "lost", "lost", "lost"]),
    ("complete, A", |row| fenced(complete(row, A, completion(), NOW)),
        ["lost", "held, done A", "held, done A", "held, done A", "held", "held", "lost"]),
    ("complete, B", |row| fenced(complete(row, B, completion(), NOW)),
        ["lost", "lost", "lost", "lost", "lost", "lost", "lost"]),
    ("release, A", |row| fenced(release(row, A, NOW)),
        ["lost", "held, released A", "held, released A", "held, released A", "lost", "lost", "held"]),
    ("release, B", |row| fenced(release(row, B, NOW)),
        ["lost", "lost", "lost", "lost", "lost", "lost", "lost"]),
    ("forget, A", |row| fenced(forget(row, A)),
        ["lost", "held, removed", "held, removed", "held, removed", "held, removed", "held, removed", "held, removed"]),
    ("forget, B", |row| fenced(forget(row, B)),
        ["lost", "lost", "lost", "lost", "lost", "lost", "lost"]),
    ("resolve A by B, release", |row| fenced(resolve(row, A, B, Resolution::Release, NOW)),
        ["lost", "lost", "held, released B", "held, released B", "lost", "lost", "lost"]),
    ("resolve A by B, complete", |row| fenced(resolve(row, A, B, Resolution::Complete(completion()), NOW)),
        ["lost", "lost", "held, done B", "held, done B", "lost", "lost", "lost"]),
    ("resolve B by A, again", |row| fenced(resolve(row, B, A, Resolution::Release, NOW)),
        ["lost", "lost", "lost", "lost", "held", "held", "held"]),
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
                "lapsed",
                "done",
                "expired",
                "released",
            ],
        ),
        line("---", ["---"; 7]),
    ];
    lines.extend(TABLE.iter().map(|(step, _, cells)| line(step, *cells)));
    lines.concat()
}

fn line(first: &str, cells: [&str; 7]) -> String {
    format!("//! | {first} | {} |\n", cells.join(" | "))
}

#[test]
fn the_documentation_shows_the_table() {
    let table = rendered();
    assert!(
        include_str!("../../transition.rs").contains(&table),
        "it must read\n{table}"
    );
}
