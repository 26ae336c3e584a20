//! A record, as callers see it.

use super::Label;
use crate::clock::Timestamp;
use crate::fingerprint::Fingerprint;
use crate::identity::AttemptId;
use crate::outcome::{Disposition, Outcome};

/// What a record holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// The fingerprint of the request that made it.
    pub fingerprint: Fingerprint,
    /// The attempt that holds it, or that made it what it is.
    pub attempt: AttemptId,
    /// Its state.
    pub state: State,
    /// What it belongs to.
    pub label: Label,
    /// When it was first claimed, by the store's clock. `None` if an earlier release made the record.
    pub claimed_at: Option<Timestamp>,
    /// The first attempt of its generation.
    pub generation: AttemptId,
    /// How many attempts of its generation were abandoned before the one that it names.
    pub abandoned: u32,
}

impl Record {
    /// A record in this state, without a label and with nothing known about how it began.
    pub fn new(fingerprint: Fingerprint, attempt: AttemptId, state: State) -> Self {
        Self {
            fingerprint,
            attempt,
            state,
            label: Label::default(),
            claimed_at: None,
            generation: attempt,
            abandoned: 0,
        }
    }
}

/// The state of a record. There are no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// An attempt holds it.
    Running {
        /// What was published for duplicates to see.
        provisional: Option<Outcome>,
        /// The lease has run out, or was ended because the handler panicked or passed its deadline.
        abandoned: bool,
    },
    /// It has an outcome.
    Done {
        /// What the outcome means.
        disposition: Disposition,
        /// The outcome, or `None` if it was too large to keep.
        outcome: Option<Outcome>,
    },
}
