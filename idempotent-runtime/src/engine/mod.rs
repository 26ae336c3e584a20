//! How a call runs: claim, attempt, completion. It knows no framework.
//!
//! A door makes a [`Ticket`] of a request and [enters](enter) with it. What comes back is what the record says, or that
//! the call holds it; then the door [starts](start), polls the handler through the [`Supervisor`] and tells how it
//! [ended](end), for which it gets an [`Answer`]. From the claim on
//! nothing depends on the client any more: see [`detach`].

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

mod attempt;
mod backlog;
mod budget;
mod claim;
mod complaints;
mod completion;
mod detach;
mod heartbeat;
mod lease;
mod rotation;
mod steps;
mod sweeper;
mod waiting;

pub(crate) use self::attempt::{Ending, Supervisor};
pub(crate) use self::backlog::{Backlog, Errand, Watch};
pub(crate) use self::budget::Budget;
use self::claim::{Taken, claim};
pub(crate) use self::complaints::Complaints;
use self::complaints::Failed;
use self::completion::{abandon, answer_for_lost, conclude};
pub use self::detach::Detach;
pub(crate) use self::detach::Detachable;
use self::heartbeat::Beating;
pub(crate) use self::heartbeat::Heartbeat;
pub(crate) use self::lease::Lease;
pub(crate) use self::rotation::{Identity, enter_under_any_secret};
pub(crate) use self::steps::ask;
pub(crate) use self::sweeper::Sweeper;
pub(crate) use self::waiting::Board;
use self::waiting::{Until, Waiter};
use crate::fingerprint::Fingerprint;
use crate::idempotency::Idempotency;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::{Disposition, Outcome};
use crate::policy::{Mismatch, Pending, Policy, StoreDown};
use crate::refusal::{Code, Refusal};
use crate::store::{Fence, Label, Record, State, StoreError};

/// A call that is to be protected.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) idempotency: Idempotency,
    pub(crate) policy: &'static Policy,
    pub(crate) record: RecordId,
    pub(crate) fingerprint: Fingerprint,
    /// Which of the handle's secrets these two were made with; 0 is the current one.
    pub(crate) secret: usize,
    /// What the call is under the handle's other secrets.
    pub(crate) others: Vec<Identity>,
    /// What the record belongs to, in clear text.
    pub(crate) label: Label,
}

/// What a handler answered: the reply for its caller, and what a record keeps of it.
#[derive(Debug)]
pub(crate) struct Ended<R> {
    pub(crate) reply: R,
    pub(crate) status: u16,
    /// What the reply's type says of itself, which goes before its status.
    pub(crate) declared: Option<Disposition>,
    /// Whether the handler itself rejected the request. A rejection isn't recorded.
    pub(crate) rejected: bool,
    /// Absent where it is too large to keep.
    pub(crate) outcome: Option<Outcome>,
}

/// What the caller of a protected call gets.
#[derive(Debug)]
pub(crate) enum Answer<R> {
    /// The handler ran, and the record says so.
    Fresh(R),
    /// The handler ran, but its outcome could not be recorded.
    Unrecorded(R),
    /// What the record holds.
    Replayed(Outcome),
    Refused(Refusal),
}

/// How far a call comes without its handler.
#[derive(Debug)]
pub(crate) enum Entered {
    /// It holds the record: the handler is to run.
    Held(Held),
    /// The store could not be asked, and the endpoint runs its handler all the same.
    Unprotected,
    /// What the record holds, and the attempt that put it there.
    Recorded(Outcome, AttemptId),
    /// The same while that attempt is still running.
    Provisional(Outcome),
    Refused(Refusal),
}

/// A call that holds its record, and whose handler has not started.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) lease: Arc<Lease>,
    /// The first attempt of the record's generation.
    pub(crate) generation: AttemptId,
    /// How many attempts of the generation were abandoned before this one.
    pub(crate) abandoned: u32,
    permit: Option<OwnedSemaphorePermit>,
    /// Renews the lease until the handler has ended.
    beating: Beating,
}

/// Claims the record, or finds out what it says.
///
/// The future may be dropped before it is polled. A call that was entered as [`Held`](Entered::Held) must not be dropped
/// before it has run; `detach` sees to that.
pub(crate) async fn enter(ticket: &Ticket, detach: &Detach) -> Entered {
    let Ok(permit) = ticket.idempotency.admit() else {
        return ticket.answer_without_claim().await;
    };
    ticket.idempotency.make_ready();
    detach.request().await;
    match claim(ticket).await {
        Ok(Taken::Won { lease, won }) => {
            let lease = Arc::new(lease);
            let heartbeat = ticket.idempotency.heartbeat();
            let beating = heartbeat.enter(Arc::clone(&lease), ticket.policy.deadline);
            Entered::Held(Held {
                lease,
                generation: won.generation,
                abandoned: won.abandoned,
                permit,
                beating,
            })
        }
        Ok(Taken::Found(record)) => {
            // Nothing is held: neither the client's leaving nor the bound on attempts matters here.
            detach.dispense();
            drop(permit);
            if detach.is_cancelled() {
                // Its client left while the claim was on its way: nobody is there to wait for anything.
                return Entered::Refused(ticket.pending());
            }
            tracing::debug!(record = %ticket.record, state = ?record.state, "answering from the record");
            ticket.wait_and_answer(record).await
        }
        Err(error) => ticket.without_store(&error, detach),
    }
}

/// Says that the handler of a call that holds its record is about to run, and who watches over it. Ends in the task where
/// it is to run.
///
/// # Errors
///
/// If the lease ended meanwhile, as in a process that was stopped, and the record may be another attempt's.
pub(crate) async fn start(
    ticket: &Ticket,
    held: &Held,
    detach: &Detach,
) -> Result<Supervisor, Refusal> {
    detach.reached().await;
    if held.lease.has_ended() {
        // Nothing has run under it: the retry that the caller is told to make may.
        let claim = ticket.claim_by(held.lease.attempt());
        ticket.idempotency.backlog().withdraw(claim);
        return Err(ticket.pending());
    }
    let lease = Arc::clone(&held.lease);
    Ok(Supervisor::new(lease, ticket.policy.deadline))
}

/// Tells the record how the handler ended.
pub(crate) async fn end<R>(ticket: &Ticket, held: Held, ending: Ending<Ended<R>>) -> Answer<R> {
    let Held {
        lease,
        permit,
        beating,
        abandoned: held_after,
        ..
    } = held;
    // From here on nothing renews the lease. What is left of it bounds the steps below.
    drop(beating);
    let answer = match ending {
        Ending::Answered(ended) => conclude(ticket, &lease, ended).await,
        Ending::DeadlinePassed => {
            tracing::warn!(record = %ticket.record, attempt = %lease.attempt(), "the handler passed its deadline; its attempt is abandoned");
            match abandon(&lease).await {
                Some(Fence::Lost) => answer_for_lost(ticket, &lease).await,
                _ => Answer::Refused(ticket.abandoned(held_after.saturating_add(1))),
            }
        }
        Ending::Panicked(panic) => {
            tracing::error!(record = %ticket.record, attempt = %lease.attempt(), "the handler panicked; its attempt is abandoned");
            abandon(&lease).await;
            std::panic::resume_unwind(panic)
        }
    };
    drop(permit);
    answer
}

/// Removes a recorded outcome, if `attempt` is still the one that put it there, so that the next claim wins.
pub(crate) async fn forget(ticket: &Ticket, attempt: AttemptId) -> Result<(), Refusal> {
    let forget = ticket.idempotency.store().forget(ticket.record, attempt);
    match ask(&*ticket.idempotency.settings().clock, forget).await {
        // Somebody else may have been faster; the claim that follows sees what there is now.
        Ok(_) => Ok(()),
        Err(error) => {
            let complaints = ticket.idempotency.complaints();
            let clock = &*ticket.idempotency.settings().clock;
            complaints.complain(clock, Failed::Step, &error);
            Err(Code::StoreUnavailable.into())
        }
    }
}

impl Ticket {
    /// What a call gets whose claim failed.
    fn without_store(&self, error: &StoreError, detach: &Detach) -> Entered {
        match self.policy.store_down {
            // A record that cannot be read is there: only a store that cannot be reached is run without.
            StoreDown::Unprotected if error.is_unavailable() => {
                detach.dispense();
                Entered::Unprotected
            }
            _ => Entered::Refused(Code::StoreUnavailable.into()),
        }
    }

    /// What the record says, where no more attempts may run: retries still get their answers.
    async fn answer_without_claim(&self) -> Entered {
        let load = self.idempotency.store().load(self.record);
        match ask(&*self.idempotency.settings().clock, load).await {
            Ok(Some(record)) if !self.would_run_after(&record) => {
                self.wait_and_answer(record).await
            }
            Ok(_) => Entered::Refused(Code::Overloaded.into()),
            Err(error) => {
                let complaints = self.idempotency.complaints();
                let clock = &*self.idempotency.settings().clock;
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
    async fn wait_and_answer(&self, found: Record) -> Entered {
        let (until, at_most) = match self.policy.pending {
            Pending::Reject(_) => return self.answer(found),
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
        if !waits {
            return self.answer(found);
        }
        let waiter = Waiter {
            board: self.idempotency.board(),
            store: &**self.idempotency.store(),
            clock: &*self.idempotency.settings().clock,
            complaints: self.idempotency.complaints(),
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

    /// What a record says to this call: first whether it is this request's at all.
    fn answer(&self, record: Record) -> Entered {
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

    fn pending(&self) -> Refusal {
        Refusal::with_status(Code::Pending, self.policy.pending.status())
    }

    /// What a caller gets that can't take over an abandoned record. `abandoned` counts the generation's abandoned attempts,
    /// including the one that the record names.
    fn abandoned(&self, abandoned: u32) -> Refusal {
        if self.policy.abandoned.runs_after(abandoned) {
            // A retry will run it.
            return self.pending();
        }
        tracing::warn!(record = %self.record, label = %self.label, abandoned, "the outcome is unknown until `Idempotency::resolve` settles it");
        Code::OutcomeUnknown.into()
    }
}
