//! What a record says to a call that doesn't hold it.

use std::time::Duration;

use super::call::{ClaimRequest, Entered};
use super::cancel::Cancel;
use super::complaints::Failed;
use super::steps::ask;
use super::waiting::{Until, Waiter};
use crate::policy::{Mismatch, Pending, StoreDown};
use crate::refusal::{Code, Refusal};
use crate::store::{Record, State, StoreError};

impl ClaimRequest {
    /// What a call gets whose claim failed.
    pub(super) fn without_store(&self, error: &StoreError, cancel: &Cancel) -> Entered {
        match self.policy.store_down {
            // A record that cannot be read is there: only a store that cannot be reached is run without.
            StoreDown::Unprotected if error.is_unavailable() => {
                cancel.allow();
                Entered::Unprotected
            }
            _ => Entered::Refused(Code::StoreUnavailable.into()),
        }
    }

    /// What the record says, where no more attempts may run: retries still get their answers.
    pub(super) async fn answer_without_claim(&self) -> Entered {
        let load = self.engine.store().load(self.record);
        match ask(self.engine.clock(), load).await {
            Ok(Some(record)) if !self.would_run_after(&record) => {
                self.wait_and_answer(record).await
            }
            Ok(_) => Entered::Refused(Code::Overloaded.into()),
            Err(error) => {
                let complaints = &self.engine.complaints;
                let clock = self.engine.clock();
                complaints.complain(clock, Failed::Claim, &error);
                Entered::Refused(Code::StoreUnavailable.into())
            }
        }
    }

    /// Whether a claim would take this record over, and be one more attempt.
    fn would_run_after(&self, record: &Record) -> bool {
        let is_abandoned = matches!(
            record.state,
            State::Running {
                abandoned: true,
                ..
            }
        );
        is_abandoned
            && record.fingerprint == self.fingerprint
            && self
                .policy
                .abandoned
                .runs_after(record.abandoned.saturating_add(1))
    }

    /// What a record says to this call, after a wait where the policy says so.
    pub(super) async fn wait_and_answer(&self, found: Record) -> Entered {
        let Some((until, at_most)) = self.waits_for(&found) else {
            return self.answer(found);
        };
        let waiter = Waiter {
            waiters: &self.engine.waiters,
            store: self.engine.store(),
            clock: self.engine.clock(),
            complaints: &self.engine.complaints,
            record: self.record,
            attempt: found.attempt,
            until,
        };
        match waiter.wait(at_most).await {
            Some(record) if waiter.is_far_enough(&record) => self.answer(record),
            // Given back, abandoned or taken over meanwhile, or not there in time: a waiter runs nothing.
            _ => Entered::Refused(self.pending()),
        }
    }

    /// What a call that found this record waits for, and for how long at most; `None` where it has its answer at once.
    pub(super) fn waits_for(&self, found: &Record) -> Option<(Until, Duration)> {
        let (until, at_most) = match self.policy.pending {
            Pending::Reject(_) => return None,
            Pending::Wait(at_most) => (Until::Done, at_most),
            Pending::Provisional(at_most) => (Until::Published, at_most),
        };
        let waits = found.fingerprint == self.fingerprint
            && match &found.state {
                State::Running {
                    abandoned,
                    provisional,
                } => !abandoned && (until == Until::Done || provisional.is_none()),
                State::Done { .. } => false,
            };
        waits.then_some((until, at_most))
    }

    /// What a record says to this call: first whether it is this request's at all.
    pub(super) fn answer(&self, record: Record) -> Entered {
        if record.fingerprint != self.fingerprint {
            return Entered::Refused(self.mismatch());
        }
        match record.state {
            State::Done {
                outcome: Some(outcome),
                ..
            } => Entered::Recorded(outcome, record.attempt),
            State::Done { outcome: None, .. } => Entered::Refused(Code::OutcomeNotKept.into()),
            State::Running {
                abandoned: false,
                provisional: Some(outcome),
            } if matches!(self.policy.pending, Pending::Provisional(_)) => {
                Entered::Provisional(outcome)
            }
            State::Running {
                abandoned: false, ..
            } => Entered::Refused(self.pending()),
            State::Running {
                abandoned: true, ..
            } => Entered::Refused(self.abandoned(record.abandoned.saturating_add(1))),
        }
    }

    fn mismatch(&self) -> Refusal {
        match self.policy.mismatch {
            Mismatch::Reject(status) => Refusal::with_status(Code::Mismatch, status),
            // The fingerprint is part of the record's id, so this is a collision of hashes.
            Mismatch::Separate => Code::Mismatch.into(),
        }
    }

    pub(super) fn pending(&self) -> Refusal {
        Refusal::with_status(Code::Pending, self.policy.pending.status())
    }

    /// What a caller gets that can't take over an abandoned record. `abandoned` counts the generation's abandoned attempts,
    /// including the one that the record names.
    pub(super) fn abandoned(&self, abandoned: u32) -> Refusal {
        if self.policy.abandoned.runs_after(abandoned) {
            // A retry will run it.
            return self.pending();
        }
        tracing::warn!(record = %self.record, label = %self.label, abandoned, "the outcome is unknown until `Idempotency::resolve` settles it");
        Code::OutcomeUnknown.into()
    }
}
