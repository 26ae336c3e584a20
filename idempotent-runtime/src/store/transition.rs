//! What every step does to a record: the one place where it is decided.
//!
//! Pure functions from the row that stands there (if one does) and the store's time to the row that shall stand there
//! and the answer. A store runs them under whatever makes the step atomic.

use std::time::Duration;

use super::{Claim, Claimed, Completion, Fence, Record, Resolution, State, Takeover};
use crate::clock::Timestamp;
use crate::fingerprint::Fingerprint;
use crate::identity::AttemptId;
use crate::outcome::{Disposition, Outcome};
use crate::policy::Ttl;

/// A record as a store writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) attempt: AttemptId,
    pub(crate) phase: Phase,
}

/// How far a row is, with the store's own times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Running {
        lease_until: Timestamp,
        /// The attempt from which the row was taken over.
        taken_from: Option<AttemptId>,
        provisional: Option<Outcome>,
    },
    /// A row that was given back stays until it is swept, so that a repeated release is still answered "held".
    Released,
    Done {
        disposition: Disposition,
        outcome: Option<Outcome>,
        /// `None`: never.
        expires_at: Option<Timestamp>,
    },
}

/// What is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Keep,
    Put(Row),
    Remove,
}

impl Row {
    /// Whether the row counts as absent and may be swept.
    pub(crate) fn is_free(&self, now: Timestamp) -> bool {
        self.free_from().is_some_and(|at| at <= now)
    }

    /// From when on the row counts as absent; `None` as long as nobody changes it.
    pub(crate) fn free_from(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Running { .. } => None,
            Phase::Released => Some(Timestamp::from_millis(i64::MIN)),
            Phase::Done { expires_at, .. } => *expires_at,
        }
    }

    fn is_abandoned(&self, now: Timestamp) -> bool {
        matches!(self.phase, Phase::Running { lease_until, .. } if lease_until <= now)
    }

    fn with_phase(&self, phase: Phase) -> Change {
        Change::Put(Self {
            phase,
            ..self.clone()
        })
    }

    /// The row as callers see it; `None` if it counts as absent.
    fn to_record(&self, now: Timestamp) -> Option<Record> {
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

/// Looks at expiry, then the fingerprint, then the state, then the lease.
pub(crate) fn claim(row: Option<&Row>, claim: &Claim, now: Timestamp) -> (Change, Claimed) {
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

pub(crate) fn renew(
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

pub(crate) fn publish(row: Option<&Row>, attempt: AttemptId, outcome: Outcome) -> (Change, Fence) {
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

pub(crate) fn complete(
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

pub(crate) fn release(row: Option<&Row>, attempt: AttemptId) -> (Change, Fence) {
    match held(row, attempt) {
        Some((row, Phase::Running { .. })) => (row.with_phase(Phase::Released), Fence::Held),
        Some((_, Phase::Released)) => (Change::Keep, Fence::Held),
        _ => LOST,
    }
}

pub(crate) fn load(row: Option<&Row>, now: Timestamp) -> Option<Record> {
    row.and_then(|row| row.to_record(now))
}

pub(crate) fn forget(row: Option<&Row>, seen: AttemptId) -> (Change, Fence) {
    match held(row, seen) {
        Some(_) => (Change::Remove, Fence::Held),
        None => LOST,
    }
}

pub(crate) fn resolve(
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

#[cfg(test)]
mod tests;
