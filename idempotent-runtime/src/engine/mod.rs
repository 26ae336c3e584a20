//! How a call runs: claim, attempt, completion. It knows no framework.
//!
//! A door makes a [`Ticket`] of a request and hands it over with the handler's future. What comes back is an
//! [`Answer`]. From the claim on nothing depends on the client any more: see [`detach`].

mod attempt;
mod claim;
mod completion;
mod detach;
mod lease;
mod sweeper;

use self::attempt::{Ending, supervise};
use self::claim::claim;
use self::completion::{abandon, conclude};
pub(crate) use self::detach::{Detach, Detachable};
use self::lease::Lease;
pub(crate) use self::sweeper::sweep_until_dropped;
use crate::fingerprint::Fingerprint;
use crate::idempotency::Idempotency;
use crate::identity::RecordId;
use crate::outcome::{Disposition, Outcome};
use crate::policy::{Abandoned, Mismatch, Pending, Policy, StoreDown};
use crate::refusal::{Code, Refusal};
use crate::store::{Record, State};

/// A call that is to be protected.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) idempotency: Idempotency,
    pub(crate) policy: &'static Policy,
    pub(crate) record: RecordId,
    pub(crate) fingerprint: Fingerprint,
}

/// What a handler answered: the reply for its caller, and what a record keeps of it.
#[derive(Debug)]
pub(crate) struct Ended<R> {
    pub(crate) reply: R,
    pub(crate) status: u16,
    /// What the reply's type says of itself, which goes before its status.
    pub(crate) declared: Option<Disposition>,
    /// Absent where it is too large to keep.
    pub(crate) outcome: Option<Outcome>,
}

/// What the caller of a protected call gets.
#[derive(Debug)]
pub(crate) enum Answer<R> {
    /// The handler ran, and the record says so.
    Fresh(R),
    /// The handler ran, and the record could not be told.
    Unrecorded(R),
    /// What the record holds.
    Replayed(Outcome),
    Refused(Refusal),
}

/// Runs a handler under a claim, or answers from the record.
///
/// The future may be dropped before `detach` was requested, and is driven to its end from then on.
pub(crate) async fn perform<R, H>(ticket: Ticket, detach: Detach, handler: H) -> Answer<R>
where
    H: Future<Output = Ended<R>>,
{
    let Ok(permit) = ticket.idempotency.admit() else {
        return Answer::Refused(Code::Overloaded.into());
    };
    ticket.idempotency.start_sweeping();
    detach.request();
    let lease = match claim(&ticket).await {
        Ok(Ok(lease)) => lease,
        Ok(Err(record)) => {
            tracing::debug!(record = %ticket.record, state = ?record.state, "answering from the record");
            return ticket.answer_from(record);
        }
        Err(_) => {
            return match ticket.policy.store_down {
                StoreDown::Reject => Answer::Refused(Code::StoreUnavailable.into()),
                StoreDown::Unprotected => {
                    detach.reached().await;
                    Answer::Unrecorded(handler.await.reply)
                }
            };
        }
    };
    detach.reached().await;
    let answer = match supervise(&lease, ticket.policy.deadline, handler).await {
        Ending::Answered(ended) => conclude(&ticket, &lease, ended).await,
        Ending::DeadlinePassed => {
            tracing::warn!(record = %ticket.record, "the handler passed its deadline; its attempt is abandoned");
            abandon(&lease).await;
            Answer::Refused(ticket.abandoned())
        }
        Ending::Panicked(panic) => {
            abandon(&lease).await;
            std::panic::resume_unwind(panic)
        }
    };
    drop(permit);
    answer
}

impl Ticket {
    /// What a record says to this call: first whether it is this request's at all.
    fn answer_from<R>(&self, record: Record) -> Answer<R> {
        if record.fingerprint != self.fingerprint {
            let Mismatch::Reject(status) = self.policy.mismatch;
            return Answer::Refused(Refusal::with_status(Code::Mismatch, status));
        }
        match record.state {
            State::Done {
                outcome: Some(outcome),
                ..
            } => Answer::Replayed(outcome),
            State::Done { outcome: None, .. } => Answer::Refused(Code::OutcomeNotKept.into()),
            State::Running {
                abandoned: false, ..
            } => Answer::Refused(self.pending()),
            State::Running {
                abandoned: true, ..
            } => Answer::Refused(self.abandoned()),
        }
    }

    fn pending(&self) -> Refusal {
        let Pending::Reject(status) = self.policy.pending;
        Refusal::with_status(Code::Pending, status)
    }

    /// What a caller is told whose call cannot take over an abandoned record itself.
    fn abandoned(&self) -> Refusal {
        match self.policy.abandoned {
            // A retry will run it.
            Abandoned::Rerun => self.pending(),
            Abandoned::Refuse => Code::OutcomeUnknown.into(),
        }
    }
}
