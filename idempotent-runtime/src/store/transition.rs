//! What every step does to a record: the one place where it is decided.
//!
//! Pure functions from the row that stands there (if one does) and the store's time to the row that shall stand there
//! and the answer. A store runs them under whatever makes the step atomic: a lock, a transaction, or a write on the
//! condition that the row is still the one that was read (a compare-and-swap; where it is not, the store reads and
//! decides again). Nothing may change the row between the reading and the writing.
//!
//! The time is that of the store's clock, read once the step is alone with the row, so that times are in the order of
//! the steps. [`Row`] can be serialized, for stores that keep it as it is.
//!
//! ```
//! use std::collections::HashMap;
//! use std::sync::Mutex;
//! use std::time::Duration;
//!
//! use idempotent_runtime::clock::{Clock, SystemClock, Timestamp};
//! use idempotent_runtime::fingerprint::Fingerprint;
//! use idempotent_runtime::identity::{AttemptId, RecordId};
//! use idempotent_runtime::store::transition::{self, Change, Row};
//! use idempotent_runtime::store::{Claim, Claimed, Fence};
//!
//! #[derive(Default)]
//! struct Rows(Mutex<HashMap<RecordId, Row>>);
//!
//! impl Rows {
//!     /// Every step of the store goes through this: here, a lock makes it atomic.
//!     fn step<A>(&self, record: RecordId, decide: impl FnOnce(Option<&Row>, Timestamp) -> (Change, A)) -> A {
//!         let mut rows = self.0.lock().unwrap();
//!         let (change, answer) = decide(rows.get(&record), SystemClock.now());
//!         match change {
//!             Change::Keep => {}
//!             Change::Put(row) => drop(rows.insert(record, row)),
//!             Change::Remove => drop(rows.remove(&record)),
//!         }
//!         answer
//!     }
//! }
//!
//! let rows = Rows::default();
//! let claim = Claim::new(
//!     RecordId::from_bytes([1; 32]),
//!     Fingerprint::from_bytes([2; 32]),
//!     AttemptId::random(),
//!     Duration::from_secs(30),
//! );
//! let claimed = rows.step(claim.record, |row, now| transition::claim(row, &claim, now));
//! assert!(matches!(claimed, Claimed::Won { .. }));
//!
//! let stranger = AttemptId::random();
//! let fence = rows.step(claim.record, |row, now| transition::release(row, stranger, now));
//! assert_eq!(fence, Fence::Lost);
//! ```
//!
//! # What every step does
//!
//! A holds, made or left the row; B comes by. In each cell stand the answer and, after a comma, what is written; where
//! nothing is, the row stays as it was. *Lapsed* is a row that was abandoned so long ago that it counts as absent. A row
//! that is lapsed, expired or released counts as absent, and may have been swept: then the column "absent" holds.
//!
//! | step | absent | running | abandoned | lapsed | done | expired | released |
//! | --- | --- | --- | --- | --- | --- | --- | --- |
//! | claim, A again | won, running A | won, running A | won, running A | won, running A | found | won, running A | refused |
//! | claim, B | won, running B | found | found | won, running B | found | won, running B | won, running B |
//! | claim, B takes over | won, running B | found | taken over, running B | won, running B | found | won, running B | won, running B |
//! | claim, B takes over from A | won, running B | found | taken over, running B | won, running B | found | won, running B | won, running B |
//! | claim, B takes over from B | won, running B | found | found | won, running B | found | won, running B | won, running B |
//! | claim, B takes over the first | won, running B | found | taken over, running B | won, running B | found | won, running B | won, running B |
//! | claim, B takes over none after the first | won, running B | found | found | won, running B | found | won, running B | won, running B |
//! | claim, mismatch by A | won, running A | found | found | won, running A | found | won, running A | refused |
//! | claim, mismatch by B | won, running B | found | found | won, running B | found | won, running B | won, running B |
//! | withdraw, A | held, released A | held, released A | held, released A | held, released A | lost | lost | held |
//! | withdraw, B | held, released B | lost | lost | held, released B | lost | held, released B | held, released B |
//! | renew, A | lost | held, running A | held, running A | held, running A | lost | lost | lost |
//! | renew, B | lost | lost | lost | lost | lost | lost | lost |
//! | publish, A | lost | held, running A | held, running A | held, running A | lost | lost | lost |
//! | publish, B | lost | lost | lost | lost | lost | lost | lost |
//! | complete, A | lost | held, done A | held, done A | held, done A | held | held | lost |
//! | complete, B | lost | lost | lost | lost | lost | lost | lost |
//! | release, A | lost | held, released A | held, released A | held, released A | lost | lost | held |
//! | release, B | lost | lost | lost | lost | lost | lost | lost |
//! | forget, A | lost | held, removed | held, removed | held, removed | held, removed | held, removed | held, removed |
//! | forget, B | lost | lost | lost | lost | lost | lost | lost |
//! | resolve A by B, release | lost | lost | held, released B | held, released B | lost | lost | lost |
//! | resolve A by B, complete | lost | lost | held, done B | held, done B | lost | lost | lost |
//! | resolve B by A, again | lost | lost | lost | lost | held | held | held |

mod form;
mod row;
#[cfg(test)]
mod serialized;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use self::row::{Change, Phase, Row};
use super::{
    Claim, Claimed, Completion, Extra, Fence, List, Listed, Record, Resolution, Takeover, Which,
    Won,
};
use crate::clock::Timestamp;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Outcome;
use crate::policy::Ttl;

/// How long the mark of an attempt that gave a record back stays: longer than anybody sends its release again, and
/// longer than a claim is on its way.
pub const RELEASED_STAYS: Duration = Duration::from_mins(2);

/// Takes the row for the attempt that claims, or says what stands in the way.
///
/// It looks at expiry, then the fingerprint, then the state, then the lease. The attempt that holds the row wins again,
/// whatever its lease, and is told the same; its lease begins anew. The attempt that gave the row back is refused.
pub fn claim(row: Option<&Row>, claim: &Claim, now: Timestamp) -> (Change, Claimed) {
    if row.is_some_and(|row| gave_back(row, claim.attempt)) {
        return (Change::Keep, Claimed::Withdrawn);
    }
    let Some((row, record)) = row.and_then(|row| Some((row, row.to_record(now)?))) else {
        return won(anew(claim, now));
    };
    let Phase::Running {
        keep,
        taken_from,
        provisional,
        ..
    } = &row.phase
    else {
        return (Change::Keep, Claimed::Found(record));
    };
    if row.fingerprint != claim.fingerprint {
        return (Change::Keep, Claimed::Found(record));
    }
    let lease_until = now.saturating_add(claim.lease);
    if row.attempt == claim.attempt {
        return won(Row {
            phase: Phase::Running {
                lease_until,
                keep: *keep,
                taken_from: *taken_from,
                provisional: provisional.clone(),
            },
            ..row.clone()
        });
    }
    if !row.is_abandoned(now) || !takes_over(row, claim.takeover) {
        return (Change::Keep, Claimed::Found(record));
    }
    let abandoned = row.abandoned.saturating_add(1);
    won(Row {
        attempt: claim.attempt,
        abandoned,
        phase: Phase::Running {
            lease_until,
            keep: claim.keep_after(abandoned),
            taken_from: Some(row.attempt),
            provisional: provisional.clone(),
        },
        ..row.clone()
    })
}

fn takes_over(row: &Row, takeover: Takeover) -> bool {
    match takeover {
        Takeover::Never => false,
        Takeover::Abandoned => true,
        Takeover::From(seen) => seen == row.attempt,
        Takeover::UpTo(most) => row.abandoned.saturating_add(1) < most,
    }
}

/// Whether this attempt gave the row back.
fn gave_back(row: &Row, attempt: AttemptId) -> bool {
    row.attempt == attempt && matches!(row.phase, Phase::Released { .. })
}

/// The first row of a generation.
fn anew(claim: &Claim, now: Timestamp) -> Row {
    Row {
        fingerprint: claim.fingerprint,
        attempt: claim.attempt,
        label: claim.label.clone(),
        claimed_at: Some(now),
        generation: claim.attempt,
        abandoned: 0,
        phase: Phase::Running {
            lease_until: now.saturating_add(claim.lease),
            keep: claim.keep_after(0),
            taken_from: None,
            provisional: None,
        },
        extra: Extra::default(),
    }
}

fn won(row: Row) -> (Change, Claimed) {
    let (taken_from, provisional) = match &row.phase {
        Phase::Running {
            taken_from,
            provisional,
            ..
        } => (*taken_from, provisional.clone()),
        _ => (None, None),
    };
    let won = Won {
        generation: row.generation,
        abandoned: row.abandoned,
        taken_from,
        provisional,
    };
    (Change::Put(row), Claimed::Won(won))
}

/// Takes a claim back under which nothing ran, whether it took effect or not.
///
/// A row that it made is released. One that it took over is abandoned again, and its attempt doesn't count as one that
/// was abandoned. Where the claim has not taken effect, the mark of its attempt is left, which refuses it if it comes.
pub fn withdraw(row: Option<&Row>, claim: &Claim, now: Timestamp) -> (Change, Fence) {
    let Some(row) = row.filter(|row| !row.is_absent(now) || row.attempt == claim.attempt) else {
        let mark = released(&anew(claim, now), now);
        return (Change::Put(mark), Fence::Held);
    };
    if row.attempt != claim.attempt {
        return LOST;
    }
    match &row.phase {
        Phase::Running {
            taken_from: None, ..
        } => (Change::Put(released(row, now)), Fence::Held),
        // Withdrawn already, or abandoned: whoever comes next takes it over.
        Phase::Running { .. } if row.is_abandoned(now) => (Change::Keep, Fence::Held),
        Phase::Running {
            taken_from,
            provisional,
            ..
        } => {
            let abandoned = row.abandoned.saturating_sub(1);
            let row = Row {
                abandoned,
                phase: Phase::Running {
                    lease_until: now,
                    keep: claim.keep_after(abandoned),
                    taken_from: *taken_from,
                    provisional: provisional.clone(),
                },
                ..row.clone()
            };
            (Change::Put(row), Fence::Held)
        }
        Phase::Released { .. } => (Change::Keep, Fence::Held),
        Phase::Done { .. } => LOST,
    }
}

/// Makes the lease of a running row last so long from now, though it may have run out. A lease of zero ends it at once.
pub fn renew(
    row: Option<&Row>,
    attempt: AttemptId,
    lease: Duration,
    now: Timestamp,
) -> (Change, Fence) {
    match held(row, attempt) {
        Some((
            row,
            Phase::Running {
                keep,
                taken_from,
                provisional,
                ..
            },
        )) => {
            let phase = Phase::Running {
                lease_until: now.saturating_add(lease),
                keep: *keep,
                taken_from: *taken_from,
                provisional: provisional.clone(),
            };
            (row.with_phase(phase), Fence::Held)
        }
        _ => LOST,
    }
}

/// Puts a provisional outcome on a running row. The lease stays as it is.
pub fn publish(row: Option<&Row>, attempt: AttemptId, outcome: Outcome) -> (Change, Fence) {
    match held(row, attempt) {
        Some((
            row,
            Phase::Running {
                lease_until,
                keep,
                taken_from,
                ..
            },
        )) => {
            let phase = Phase::Running {
                lease_until: *lease_until,
                keep: *keep,
                taken_from: *taken_from,
                provisional: Some(outcome),
            };
            (row.with_phase(phase), Fence::Held)
        }
        _ => LOST,
    }
}

/// Makes a running row done, though its lease may have run out. The time that the outcome is kept begins now.
///
/// The same attempt may say it again: the answer is the same, and the first completion stays.
pub fn complete(
    row: Option<&Row>,
    attempt: AttemptId,
    completion: Completion,
    now: Timestamp,
) -> (Change, Fence) {
    match held(row, attempt) {
        Some((row, Phase::Running { .. })) => (row.with_phase(done(completion, now)), Fence::Held),
        // The acknowledgement was lost, and the same attempt says it again.
        Some((_, Phase::Done { .. })) => (Change::Keep, Fence::Held),
        _ => LOST,
    }
}

/// Gives a running row back. Its mark stays for [`RELEASED_STAYS`], and counts as absent.
pub fn release(row: Option<&Row>, attempt: AttemptId, now: Timestamp) -> (Change, Fence) {
    match held(row, attempt) {
        Some((row, Phase::Running { .. })) => (Change::Put(released(row, now)), Fence::Held),
        Some((_, Phase::Released { .. })) => (Change::Keep, Fence::Held),
        _ => LOST,
    }
}

/// The row as callers see it; `None` where it counts as absent.
pub fn load(row: Option<&Row>, now: Timestamp) -> Option<Record> {
    row.and_then(|row| row.to_record(now))
}

/// The row as this listing shows it; `None` where it isn't one of those that are listed.
pub fn listed(record: RecordId, row: &Row, list: &List, now: Timestamp) -> Option<Listed> {
    let is_listed = match (list.which, &row.phase) {
        (Which::All, _) | (Which::Done, Phase::Done { .. }) => true,
        (Which::Abandoned, _) => row.is_abandoned(now),
        (Which::RunningLongerThan(time), Phase::Running { .. }) => row
            .claimed_at
            .is_none_or(|at| at.saturating_add(time) < now),
        (Which::DoneWith(wanted), Phase::Done { disposition, .. }) => *disposition == wanted,
        (
            Which::ExpiringWithin(time),
            Phase::Done {
                expires_at: Some(at),
                ..
            },
        ) => *at <= now.saturating_add(time),
        _ => false,
    };
    if !is_listed || !list.matches_label(&row.label) {
        return None;
    }
    row.to_listed(record, now)
}

/// Removes the row, whatever its state, if `seen` is still the attempt that it names.
pub fn forget(row: Option<&Row>, seen: AttemptId) -> (Change, Fence) {
    match held(row, seen) {
        Some(_) => (Change::Remove, Fence::Held),
        None => LOST,
    }
}

/// Settles an abandoned row, if `seen` is still the attempt that it names. The row then names `attempt`.
///
/// The same call may be made again: the answer is the same, and the row stays as it is.
pub fn resolve(
    row: Option<&Row>,
    seen: AttemptId,
    attempt: AttemptId,
    resolution: Resolution,
    now: Timestamp,
) -> (Change, Fence) {
    let Some(row) = row else { return LOST };
    if row.attempt == attempt && !matches!(row.phase, Phase::Running { .. }) {
        // Settled already, by this very call.
        return (Change::Keep, Fence::Held);
    }
    if row.attempt != seen || !row.is_abandoned(now) {
        return LOST;
    }
    let phase = match resolution {
        Resolution::Complete(completion) => done(completion, now),
        Resolution::Release => mark(now),
    };
    (
        Change::Put(Row {
            attempt,
            phase,
            ..row.clone()
        }),
        Fence::Held,
    )
}

const LOST: (Change, Fence) = (Change::Keep, Fence::Lost);

/// The fence: the row, if this attempt is the one that it names.
fn held(row: Option<&Row>, attempt: AttemptId) -> Option<(&Row, &Phase)> {
    row.filter(|row| row.attempt == attempt)
        .map(|row| (row, &row.phase))
}

fn released(row: &Row, now: Timestamp) -> Row {
    Row {
        phase: mark(now),
        ..row.clone()
    }
}

fn mark(now: Timestamp) -> Phase {
    Phase::Released {
        until: now.saturating_add(RELEASED_STAYS),
    }
}

fn done(completion: Completion, now: Timestamp) -> Phase {
    Phase::Done {
        disposition: completion.disposition,
        outcome: completion.outcome,
        expires_at: match completion.ttl {
            Ttl::After(ttl) => Some(now.saturating_add(ttl)),
            Ttl::Forever => None,
        },
    }
}
