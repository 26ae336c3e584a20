//! What an attempt does to the row that it holds.

use std::time::Duration;

use super::parts::{LOST, done, held, released};
use super::row::{Change, Phase, Row};
use crate::clock::Timestamp;
use crate::identity::AttemptId;
use crate::outcome::Outcome;
use crate::store::{Completion, Fence};

/// Makes the lease of a running row last this long from now, even if it has run out. A lease of zero ends it at once.
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

/// Makes a running row done, even if its lease has run out. The outcome's ttl starts now.
///
/// The same attempt may repeat it: the answer is the same, and the first completion stays.
pub fn complete(
    row: Option<&Row>,
    attempt: AttemptId,
    completion: Completion,
    now: Timestamp,
) -> (Change, Fence) {
    match held(row, attempt) {
        Some((row, Phase::Running { .. })) => (row.with_phase(done(completion, now)), Fence::Held),
        // The acknowledgement was lost, and the same attempt repeats the step.
        Some((_, Phase::Done { .. })) => (Change::Keep, Fence::Held),
        _ => LOST,
    }
}

/// Gives a running row back. Its mark stays for [`RELEASED_STAYS`](super::RELEASED_STAYS), and counts as absent.
pub fn release(row: Option<&Row>, attempt: AttemptId, now: Timestamp) -> (Change, Fence) {
    match held(row, attempt) {
        Some((row, Phase::Running { .. })) => (Change::Put(released(row, now)), Fence::Held),
        Some((_, Phase::Released { .. })) => (Change::Keep, Fence::Held),
        _ => LOST,
    }
}
