//! A record, as a store keeps it.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::fingerprint::Fingerprint;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::{Disposition, Outcome};
use crate::store::{Extra, Label, Listed, ListedState, Record, State};

/// A record as a store writes it.
///
/// Its serialized form is part of the public interface and carries its version, see [`VERSION`](Self::VERSION).
/// Readable formats show ids and bodies as hexadecimal digits; others contain the bytes.
///
/// Row, phase and [`Change`] are exhaustive on purpose, so a store that spreads them over columns can't overlook one.
/// What later releases add to a row goes into [`extra`](Self::extra).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The fingerprint of the request that made it.
    pub fingerprint: Fingerprint,
    /// The attempt that holds it, or that made it what it is.
    pub attempt: AttemptId,
    /// What it belongs to.
    pub label: Label,
    /// When its generation began. `None` if version 1 wrote the row.
    pub claimed_at: Option<Timestamp>,
    /// The first attempt of its generation. If version 1 wrote the row, the earliest one that is known.
    pub generation: AttemptId,
    /// How many attempts of its generation were abandoned before the one that it names.
    pub abandoned: u32,
    /// Its state.
    pub phase: Phase,
    /// What later releases keep of its generation.
    pub extra: Extra,
}

/// The state of a row, with the store's own times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// An attempt holds it.
    Running {
        /// When the lease ends. From that millisecond on, the row is abandoned.
        lease_until: Timestamp,
        /// How long the row still counts after that, if nobody comes back. `None` means until somebody settles it.
        keep: Option<Duration>,
        /// The attempt from which the row was taken over.
        taken_from: Option<AttemptId>,
        /// What was published for duplicates to see.
        provisional: Option<Outcome>,
    },
    /// It was given back, and counts as absent. It stays for a while, so that a repeated release is still answered
    /// [`Held`](crate::store::Fence::Held), and a claim that its own release overtook is refused.
    Released {
        /// From when on it may be swept.
        until: Timestamp,
    },
    /// It has an outcome.
    Done {
        /// What the outcome means.
        disposition: Disposition,
        /// The outcome, or `None` if it was too large to keep.
        outcome: Option<Outcome>,
        /// From when on the row counts as absent. `None`: never.
        expires_at: Option<Timestamp>,
    },
}

/// What a store is to write.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a step that is not written did not happen"]
// A change is made and written in one go: a box would cost every step more than the move.
#[allow(clippy::large_enum_variant)]
pub enum Change {
    /// Nothing: the row, or its absence, stays.
    Keep,
    /// This row, in place of the current one.
    Put(Row),
    /// Remove the row.
    Remove,
}

impl Row {
    /// A row in this phase, without a label and with nothing known about how it began.
    pub fn new(fingerprint: Fingerprint, attempt: AttemptId, phase: Phase) -> Self {
        let earliest = match &phase {
            Phase::Running { taken_from, .. } => taken_from.unwrap_or(attempt),
            _ => attempt,
        };
        Self {
            fingerprint,
            attempt,
            label: Label::default(),
            claimed_at: None,
            generation: earliest,
            abandoned: 0,
            phase,
            extra: Extra::default(),
        }
    }

    /// Whether the row counts as absent: it has expired, or was given back.
    pub fn is_absent(&self, now: Timestamp) -> bool {
        matches!(self.phase, Phase::Released { .. }) || self.is_removable(now)
    }

    /// Whether the row may be swept. It counts as absent then.
    ///
    /// A sweep asks again in the step that removes the row, for it may have been claimed anew since it was found.
    pub fn is_removable(&self, now: Timestamp) -> bool {
        self.removable_from().is_some_and(|at| at <= now)
    }

    /// From when on the row may be swept; `None` as long as nobody changes it.
    ///
    /// An index of rows by this time is all that a sweep needs.
    pub fn removable_from(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Running {
                lease_until, keep, ..
            } => keep.map(|keep| lease_until.saturating_add(keep)),
            Phase::Released { until } => Some(*until),
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
        if self.is_absent(now) {
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
            Phase::Released { .. } => return None,
        };
        Some(Record {
            label: self.label.clone(),
            claimed_at: self.claimed_at,
            generation: self.generation,
            abandoned: self.abandoned,
            ..Record::new(self.fingerprint, self.attempt, state)
        })
    }

    /// The row as a listing shows it; `None` if it counts as absent.
    pub(super) fn to_listed(&self, record: RecordId, now: Timestamp) -> Option<Listed> {
        if self.is_absent(now) {
            return None;
        }
        let state = match &self.phase {
            Phase::Running { lease_until, .. } => ListedState::Running {
                lease_until: *lease_until,
                abandoned: self.is_abandoned(now),
            },
            Phase::Done {
                disposition,
                expires_at,
                ..
            } => ListedState::Done {
                disposition: *disposition,
                expires_at: *expires_at,
            },
            Phase::Released { .. } => return None,
        };
        Some(Listed {
            label: self.label.clone(),
            claimed_at: self.claimed_at,
            generation: self.generation,
            abandoned: self.abandoned,
            ..Listed::new(record, self.attempt, state)
        })
    }
}
