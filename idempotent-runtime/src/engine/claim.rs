//! Taking the record, and giving back what a lost acknowledgement may have taken.

use tokio::sync::OwnedSemaphorePermit;

use super::{Lease, Ticket};
use crate::identity::AttemptId;
use crate::policy::{Abandoned, Pending, Policy};
use crate::store::{Claim, Claimed, Record, StoreError, Takeover, Won};

/// The answer to a ticket's claim.
pub(super) enum Taken {
    /// The record is this call's.
    Won { lease: Lease, won: Won },
    /// What stands in the record.
    Found(Record),
}

/// A claim that was not acknowledged. The record may be its all the same.
pub(super) struct Failed {
    /// To be [given back](give_back).
    pub(super) lease: Lease,
    pub(super) error: StoreError,
}

/// Claims the ticket's record.
///
/// A claim that failed may have taken the record all the same. It is sent once more under the same attempt id, to
/// which the store answers "yours"; if that fails too, the record is to be given back.
pub(super) async fn claim(ticket: &Ticket) -> Result<Taken, Failed> {
    let attempt = AttemptId::random();
    let claim = claim_by(ticket, attempt);
    let lease = Lease::new(ticket, attempt);
    let mut answer = lease.send(|store| store.claim(claim.clone())).await;
    if answer.as_ref().is_err_and(StoreError::is_unavailable) {
        lease.pause().await;
        answer = lease.send(|store| store.claim(claim)).await;
    }
    match answer {
        Ok(Claimed::Won(won)) => {
            if let Some(abandoned) = won.taken_from {
                tracing::info!(record = %ticket.record, %abandoned, "taking over an abandoned attempt");
            }
            if won.provisional.is_some() {
                lease.set_published();
            }
            if !matches!(ticket.policy.pending, Pending::Reject(_)) {
                lease.announce(ticket.idempotency.board());
            }
            Ok(Taken::Won { lease, won })
        }
        Ok(Claimed::Found(record)) => Ok(Taken::Found(record)),
        Ok(Claimed::Withdrawn) => Err(Failed {
            lease,
            error: StoreError::unknown("the claim was withdrawn"),
        }),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the idempotency key could not be claimed"
            );
            Err(Failed { lease, error })
        }
    }
}

/// What an attempt claims by this ticket.
pub(super) fn claim_by(ticket: &Ticket, attempt: AttemptId) -> Claim {
    let takeover = match ticket.policy.abandoned {
        Abandoned::Rerun => Takeover::Abandoned,
        Abandoned::RerunUpTo(most) => Takeover::UpTo(most),
        Abandoned::Refuse => Takeover::Never,
    };
    let claim = Claim::new(
        ticket.record,
        ticket.fingerprint,
        attempt,
        ticket.policy.lease,
    );
    claim.takeover(takeover).label(ticket.label.clone())
}

/// Gives back what a failed claim may have taken. Nothing has run under it: a record that it may have taken over is left
/// abandoned, as it was; any other is released.
pub(super) async fn give_back(lease: Lease, policy: &Policy, permit: Option<OwnedSemaphorePermit>) {
    let _until_then = permit;
    match policy.abandoned {
        Abandoned::Rerun | Abandoned::RerunUpTo(_) => {
            lease.end().await;
        }
        // No claim takes over here, and nobody else would settle the record: so it is tried for longer than the lease.
        Abandoned::Refuse => {
            let release = lease.persist_for(policy.deadline, |store, record, attempt| {
                store.release(record, attempt)
            });
            if release.await.is_none() {
                tracing::error!(
                    record = %lease.record(),
                    "a claim under which nothing ran could not be given back; its outcome counts as unknown"
                );
            }
        }
    }
}
