//! Taking the record, and giving back what a lost acknowledgement may have taken.

use super::{Lease, Ticket};
use crate::identity::AttemptId;
use crate::policy::Abandoned;
use crate::store::{Claim, Claimed, Record, StoreError, Takeover};

/// Claims the ticket's record. `Err` inside is what stands in it.
///
/// A claim that failed may have taken the record all the same. It is sent once more under the same attempt id, to
/// which the store answers "yours"; if that fails too, the record is released in the background for as long as the
/// lease could last.
pub(super) async fn claim(ticket: &Ticket) -> Result<Result<Lease, Record>, StoreError> {
    let attempt = AttemptId::random();
    let claim = Claim {
        record: ticket.record,
        fingerprint: ticket.fingerprint,
        attempt,
        lease: ticket.policy.lease,
        takeover: match ticket.policy.abandoned {
            Abandoned::Rerun => Takeover::Abandoned,
            Abandoned::Refuse => Takeover::Never,
        },
    };
    let lease = Lease::new(ticket, attempt);
    let mut answer = lease.send(|store| store.claim(claim.clone())).await;
    if answer.as_ref().is_err_and(StoreError::is_unavailable) {
        answer = lease.send(|store| store.claim(claim)).await;
    }
    match answer {
        Ok(Claimed::Won { abandoned, .. }) => {
            if let Some(abandoned) = abandoned {
                tracing::info!(record = %ticket.record, %abandoned, "taking over an abandoned attempt");
            }
            Ok(Ok(lease))
        }
        Ok(Claimed::Found(record)) => Ok(Err(record)),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the idempotency key could not be claimed"
            );
            ticket
                .idempotency
                .running()
                .spawn(release_if_claimed(lease));
            Err(error)
        }
    }
}

/// Nothing has run under this claim, so the key goes back.
async fn release_if_claimed(lease: Lease) {
    if lease
        .persist(|store, record, attempt| store.release(record, attempt))
        .await
        .is_none()
    {
        tracing::warn!(
            record = %lease.record(),
            "a claim whose acknowledgement was lost could not be given back; it ends with its lease"
        );
    }
}
