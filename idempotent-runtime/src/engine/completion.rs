//! Telling the record how an attempt ended.

use super::{Answer, Ended, Lease, Ticket};
use crate::refusal::Code;
use crate::store::{Completion, Fence};

/// Writes the outcome, or gives the key back, as the policy says.
///
/// The caller gets what the record says: the handler's own reply only where the attempt still held it.
pub(super) async fn conclude<R>(ticket: &Ticket, lease: &Lease, ended: Ended<R>) -> Answer<R> {
    let verdict = ticket.policy.release.judge(ended.status, ended.declared);
    let told = if verdict.released {
        lease
            .persist(|store, record, attempt| store.release(record, attempt))
            .await
    } else {
        let completion = Completion {
            disposition: verdict.disposition,
            outcome: ended.outcome,
            ttl: ticket.policy.ttl,
        };
        lease
            .persist(|store, record, attempt| store.complete(record, attempt, completion.clone()))
            .await
    };
    match told {
        Some(Fence::Held) => Answer::Fresh(ended.reply),
        Some(Fence::Lost) => answer_for_lost(ticket, lease).await,
        None => {
            tracing::error!(record = %ticket.record, "the outcome could not be recorded before the lease ended");
            Answer::Unrecorded(ended.reply)
        }
    }
}

/// Leaves the record to whoever comes next, without waiting for the lease to run out.
pub(super) async fn abandon(lease: &Lease) {
    lease.end().await;
}

async fn answer_for_lost<R>(ticket: &Ticket, lease: &Lease) -> Answer<R> {
    tracing::warn!(record = %ticket.record, "another attempt has taken the record over; answering from it");
    match lease.store().load(ticket.record).await {
        Ok(Some(record)) => ticket.answer_from(record),
        // Given back or expired meanwhile: a retry will run it.
        Ok(None) => Answer::Refused(ticket.pending()),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the record could not be read"
            );
            Answer::Refused(Code::StoreUnavailable.into())
        }
    }
}
