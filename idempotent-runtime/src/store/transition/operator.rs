//! What operators do with rows: reading, listing, removing and settling them.

use super::parts::{LOST, done, held, mark};
use super::row::{Change, Phase, Row};
use crate::clock::Timestamp;
use crate::identity::{AttemptId, RecordId};
use crate::store::{Fence, List, Listed, Record, Resolution, Which};

/// The row as callers see it, or `None` if it counts as absent.
pub fn load(row: Option<&Row>, now: Timestamp) -> Option<Record> {
    row.and_then(|row| row.to_record(now))
}

/// The row as this listing shows it, or `None` if it isn't listed.
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

/// Removes the row in any state, if it still names the attempt `seen`.
pub fn forget(row: Option<&Row>, seen: AttemptId) -> (Change, Fence) {
    match held(row, seen) {
        Some(_) => (Change::Remove, Fence::Held),
        None => LOST,
    }
}

/// Settles an abandoned row, if it still names the attempt `seen`. The row then names `attempt`.
///
/// The same call may be repeated: the answer is the same, and the row stays as it is.
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
