//! What the steps of an attempt take and answer.

use std::time::Duration;

use crate::identity::{AttemptId, RecordId};
use crate::outcome::{Disposition, Outcome};
use crate::policy::Ttl;

/// A lease to renew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Renewal {
    /// The record.
    pub record: RecordId,
    /// The attempt that holds it.
    pub attempt: AttemptId,
    /// How long the lease lasts from now.
    pub lease: Duration,
}

impl Renewal {
    /// The renewal of this attempt's lease.
    pub fn new(record: RecordId, attempt: AttemptId, lease: Duration) -> Self {
        Self {
            record,
            attempt,
            lease,
        }
    }
}

/// What a done record holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Completion {
    /// What the outcome means.
    pub disposition: Disposition,
    /// The outcome, or `None` if it is too large to keep.
    pub outcome: Option<Outcome>,
    /// How long to keep it, from when the store writes it.
    pub ttl: Ttl,
}

impl Completion {
    /// A completion with an outcome, or with `None` if it is too large to keep.
    pub fn new(disposition: Disposition, outcome: Option<Outcome>, ttl: Ttl) -> Self {
        Self {
            disposition,
            outcome,
            ttl,
        }
    }
}

/// How an abandoned record is settled. There are no other ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// With this outcome.
    Complete(Completion),
    /// By giving it back.
    Release,
}

/// Whether the attempt that a step named held the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a step that was refused changed nothing"]
pub enum Fence {
    /// It did. The step took effect, now or when it was first sent.
    Held,
    /// It did not. Nothing was changed.
    Lost,
}
