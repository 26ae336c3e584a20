//! The row that a store keeps of a record.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::fingerprint::Fingerprint;
use crate::identity::AttemptId;
use crate::outcome::{Disposition, Outcome};
use crate::store::{Record, State};

/// A record as a store writes it.
///
/// Its serialized form belongs to the public interface: names, and the order of fields and variants, stay as they are,
/// so that rows written by an earlier release can be read. Readable formats show ids and bodies as hexadecimal digits,
/// others hold their bytes.
///
/// Row, phase and [`Change`] are exhaustive on purpose: a store that spreads them over columns must not overlook one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What the request was that made it.
    pub fingerprint: Fingerprint,
    /// The attempt that holds it, or that made it what it is.
    pub attempt: AttemptId,
    /// How far it is.
    pub phase: Phase,
}

/// How far a row is, with the store's own times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// An attempt holds it.
    Running {
        /// When the lease ends: from then on, that millisecond included, the row is abandoned.
        lease_until: Timestamp,
        /// The attempt from which the row was taken over.
        taken_from: Option<AttemptId>,
        /// What was published for duplicates to see.
        provisional: Option<Outcome>,
    },
    /// It was given back. It stays until it is swept, so that a repeated release is still answered
    /// [`Held`](crate::store::Fence::Held).
    Released,
    /// It has an outcome.
    Done {
        /// What the outcome means.
        disposition: Disposition,
        /// The outcome; absent where it was too large to keep.
        outcome: Option<Outcome>,
        /// From when on the row counts as absent. `None`: never.
        expires_at: Option<Timestamp>,
    },
}

/// What a store is to write.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a step that is not written did not happen"]
pub enum Change {
    /// Nothing: the row, or its absence, stays.
    Keep,
    /// This row, in place of what stands there.
    Put(Row),
    /// Nothing shall stand there any more.
    Remove,
}

impl Row {
    /// Whether the row counts as absent and may be swept.
    ///
    /// A sweep asks again in the step that removes the row, for it may have been claimed anew since it was found.
    pub fn is_free(&self, now: Timestamp) -> bool {
        self.free_from().is_some_and(|at| at <= now)
    }

    /// From when on the row counts as absent and may be swept; `None` as long as nobody changes it.
    ///
    /// An index of rows by this time is all that a sweep needs. It is the earliest time that can be written for a row
    /// that was given back.
    pub fn free_from(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Running { .. } => None,
            Phase::Released => Some(Timestamp::from_millis(i64::MIN)),
            Phase::Done { expires_at, .. } => *expires_at,
        }
    }

    pub(super) fn is_abandoned(&self, now: Timestamp) -> bool {
        matches!(self.phase, Phase::Running { lease_until, .. } if lease_until <= now)
    }

    pub(super) fn with_phase(&self, phase: Phase) -> Change {
        Change::Put(Self {
            phase,
            ..self.clone()
        })
    }

    /// The row as callers see it; `None` if it counts as absent.
    pub(super) fn to_record(&self, now: Timestamp) -> Option<Record> {
        if self.is_free(now) {
            return None;
        }
        let state = match &self.phase {
            Phase::Running { provisional, .. } => State::Running {
                provisional: provisional.clone(),
                abandoned: self.is_abandoned(now),
            },
            Phase::Done {
                disposition,
                outcome,
                ..
            } => State::Done {
                disposition: *disposition,
                outcome: outcome.clone(),
            },
            Phase::Released => return None,
        };
        Some(Record {
            fingerprint: self.fingerprint,
            attempt: self.attempt,
            state,
        })
    }
}
