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
//! use idempotent_runtime::store::{Claim, Claimed, Fence, Takeover};
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
//! let claim = Claim {
//!     record: RecordId::from_bytes([1; 32]),
//!     fingerprint: Fingerprint::from_bytes([2; 32]),
//!     attempt: AttemptId::random(),
//!     lease: Duration::from_secs(30),
//!     takeover: Takeover::Never,
//! };
//! let claimed = rows.step(claim.record, |row, now| transition::claim(row, &claim, now));
//! assert!(matches!(claimed, Claimed::Won { .. }));
//!
//! let stranger = AttemptId::random();
//! let fence = rows.step(claim.record, |row, _| transition::release(row, stranger));
//! assert_eq!(fence, Fence::Lost);
//! ```
//!
//! # What every step does
//!
//! A holds, made or left the row; B comes by. In each cell stand the answer and, after a comma, what is written; where
//! nothing is, the row stays as it was. A row that counts as absent (expired or released) may have been swept: then the
//! column "absent" holds.
//!
//! | step | absent | running | abandoned | done | expired | released |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | claim, A again | won, running A | won, running A | won, running A | found | won, running A | won, running A |
//! | claim, B | won, running B | found | found | found | won, running B | won, running B |
//! | claim, B takes over | won, running B | found | taken over, running B | found | won, running B | won, running B |
//! | claim, B takes over from A | won, running B | found | taken over, running B | found | won, running B | won, running B |
//! | claim, B takes over from B | won, running B | found | found | found | won, running B | won, running B |
//! | claim, mismatch by A | won, running A | found | found | found | won, running A | won, running A |
//! | claim, mismatch by B | won, running B | found | found | found | won, running B | won, running B |
//! | renew, A | lost | held, running A | held, running A | lost | lost | lost |
//! | renew, B | lost | lost | lost | lost | lost | lost |
//! | publish, A | lost | held, running A | held, running A | lost | lost | lost |
//! | publish, B | lost | lost | lost | lost | lost | lost |
//! | complete, A | lost | held, done A | held, done A | held | held | lost |
//! | complete, B | lost | lost | lost | lost | lost | lost |
//! | release, A | lost | held, released A | held, released A | lost | lost | held |
//! | release, B | lost | lost | lost | lost | lost | lost |
//! | forget, A | lost | held, removed | held, removed | held, removed | held, removed | held, removed |
//! | forget, B | lost | lost | lost | lost | lost | lost |
//! | resolve A by B, release | lost | lost | held, released B | lost | lost | lost |
//! | resolve A by B, complete | lost | lost | held, done B | lost | lost | lost |
//! | resolve B by A, again | lost | lost | lost | held | held | held |

mod row;
#[cfg(test)]
mod serialized;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use self::row::{Change, Phase, Row};
use super::{Claim, Claimed, Completion, Fence, Record, Resolution, Takeover};
use crate::clock::Timestamp;
use crate::identity::AttemptId;
use crate::outcome::Outcome;
use crate::policy::Ttl;

/// Takes the row for the attempt that claims, or says what stands in the way.
///
/// It looks at expiry, then the fingerprint, then the state, then the lease. The attempt that holds the row wins again,
/// whatever its lease, and is told the same; its lease begins anew.
pub fn claim(row: Option<&Row>, claim: &Claim, now: Timestamp) -> (Change, Claimed) {
    let Some((row, record)) = row.and_then(|row| Some((row, row.to_record(now)?))) else {
        return won(claim, now, None, None);
    };
    if row.fingerprint != claim.fingerprint {
        return (Change::Keep, Claimed::Found(record));
    }
    let Phase::Running {
        taken_from,
        provisional,
        ..
    } = &row.phase
    else {
        return (Change::Keep, Claimed::Found(record));
    };
    if row.attempt == claim.attempt {
        return won(claim, now, *taken_from, provisional.clone());
    }
    let takes_over = row.is_abandoned(now)
        && match claim.takeover {
            Takeover::Never => false,
            Takeover::Abandoned => true,
            Takeover::From(seen) => seen == row.attempt,
        };
    if takes_over {
        won(claim, now, Some(row.attempt), provisional.clone())
    } else {
        (Change::Keep, Claimed::Found(record))
    }
}

fn won(
    claim: &Claim,
    now: Timestamp,
    taken_from: Option<AttemptId>,
    provisional: Option<Outcome>,
) -> (Change, Claimed) {
    let row = Row {
        fingerprint: claim.fingerprint,
        attempt: claim.attempt,
        phase: Phase::Running {
            lease_until: now.saturating_add(claim.lease),
            taken_from,
            provisional: provisional.clone(),
        },
    };
    (
        Change::Put(row),
        Claimed::Won {
            abandoned: taken_from,
            provisional,
        },
    )
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
                taken_from,
                provisional,
                ..
            },
        )) => {
            let phase = Phase::Running {
                lease_until: now.saturating_add(lease),
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
                taken_from,
                ..
            },
        )) => {
            let phase = Phase::Running {
                lease_until: *lease_until,
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

/// Gives a running row back. The row stays, and counts as absent, until it is swept.
pub fn release(row: Option<&Row>, attempt: AttemptId) -> (Change, Fence) {
    match held(row, attempt) {
        Some((row, Phase::Running { .. })) => (row.with_phase(Phase::Released), Fence::Held),
        Some((_, Phase::Released)) => (Change::Keep, Fence::Held),
        _ => LOST,
    }
}

/// The row as callers see it; `None` where it counts as absent.
pub fn load(row: Option<&Row>, now: Timestamp) -> Option<Record> {
    row.and_then(|row| row.to_record(now))
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
        Resolution::Release => Phase::Released,
    };
    (
        Change::Put(Row {
            fingerprint: row.fingerprint,
            attempt,
            phase,
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
