//! Claiming a record: what an attempt asks for, and the answer.

use std::time::Duration;

use super::{Label, Record};
use crate::fingerprint::Fingerprint;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Outcome;

/// What an attempt asks for when it claims a record.
///
/// ```
/// use std::time::Duration;
/// use idempotent_runtime::fingerprint::Fingerprint;
/// use idempotent_runtime::identity::{AttemptId, RecordId};
/// use idempotent_runtime::store::{Claim, Label, Takeover};
///
/// let record = RecordId::from_bytes([1; 32]);
/// let fingerprint = Fingerprint::from_bytes([2; 32]);
/// let claim = Claim::new(record, fingerprint, AttemptId::random(), Duration::from_secs(30))
///     .takeover(Takeover::Abandoned)
///     .label(Label::new("billing", "POST /orders"));
/// # drop(claim);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Claim {
    /// The record.
    pub record: RecordId,
    /// Identifies the request.
    pub fingerprint: Fingerprint,
    /// The attempt that asks.
    pub attempt: AttemptId,
    /// How long the claim holds, from when the store grants it.
    pub lease: Duration,
    /// Whether an abandoned record may be taken over.
    pub takeover: Takeover,
    /// What the record belongs to. A record keeps the label of the claim that made it.
    pub label: Label,
    /// How long the record is kept once its lease has ended and nobody comes back. `None` keeps it until somebody
    /// settles it.
    ///
    /// If this claim is the [last](Takeover::UpTo) that may take over, its record is kept until somebody settles it,
    /// whatever this says.
    pub keep_abandoned: Option<Duration>,
}

impl Claim {
    /// A claim that takes nothing over, without a label, whose record is kept until somebody settles it.
    pub fn new(
        record: RecordId,
        fingerprint: Fingerprint,
        attempt: AttemptId,
        lease: Duration,
    ) -> Self {
        Self {
            record,
            fingerprint,
            attempt,
            lease,
            takeover: Takeover::Never,
            label: Label::default(),
            keep_abandoned: None,
        }
    }

    /// Sets whether an abandoned record may be taken over.
    #[must_use]
    pub fn takeover(mut self, takeover: Takeover) -> Self {
        self.takeover = takeover;
        self
    }

    /// Sets what the record belongs to.
    #[must_use]
    pub fn label(mut self, label: Label) -> Self {
        self.label = label;
        self
    }

    /// Sets how long the record is kept once its lease has ended and nobody comes back.
    #[must_use]
    pub fn keep_abandoned(mut self, keep: Duration) -> Self {
        self.keep_abandoned = Some(keep);
        self
    }

    /// The same claim for another attempt.
    #[must_use]
    pub fn attempt(mut self, attempt: AttemptId) -> Self {
        self.attempt = attempt;
        self
    }

    /// How long the record is kept if this claim is abandoned too, after this many others of its generation.
    pub(crate) fn keep_after(&self, abandoned: u32) -> Option<Duration> {
        match self.takeover {
            Takeover::UpTo(most) if abandoned.saturating_add(1) >= most => None,
            _ => self.keep_abandoned,
        }
    }
}

/// Whether a claim takes over an abandoned record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Takeover {
    /// No. The claim finds the record as it is.
    Never,
    /// Yes, whichever attempt left it.
    Abandoned,
    /// Only from the attempt that the caller saw.
    From(AttemptId),
    /// Yes, as long as fewer attempts of the record's generation than this have been abandoned. The one that holds the
    /// abandoned record counts.
    UpTo(u32),
}

/// The answer to a claim. There are no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The record is the attempt's.
    Won(Won),
    /// The record is somebody else's, or done.
    Found(Record),
    /// This very attempt has given the record back, so it can't take it any more. Only a claim that was overtaken by
    /// its own [`withdraw`](super::Store::withdraw) or [`release`](super::Store::release) gets this answer.
    Withdrawn,
}

/// What a winning claim returns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Won {
    /// The first attempt of the record's generation: this one, unless the record was taken over.
    pub generation: AttemptId,
    /// How many attempts of the generation were abandoned before this one.
    pub abandoned: u32,
    /// The attempt from which the record was taken over, if it was.
    pub taken_from: Option<AttemptId>,
    /// What that attempt had published.
    pub provisional: Option<Outcome>,
}

impl Won {
    /// The answer for a record that this attempt made anew.
    pub fn anew(attempt: AttemptId) -> Self {
        Self {
            generation: attempt,
            abandoned: 0,
            taken_from: None,
            provisional: None,
        }
    }
}
