//! Telling the record how an attempt ended.

use super::{Answer, Ended, Entered, Lease, Ticket};
use crate::outcome::Disposition;
use crate::policy::Pending;
use crate::store::{Completion, Fence, State};

/// Writes the outcome, or gives the key back, as the policy says.
///
/// The caller gets what the record says: the handler's own reply only where the attempt still held it.
pub(super) async fn conclude<R>(ticket: &Ticket, lease: &Lease, ended: Ended<R>) -> Answer<R> {
    let verdict = ticket.policy.release.judge(ended.status, ended.declared);
    let released = verdict.released || ended.rejected;
    let told = if released && !lease.is_published() {
        let told = lease
            .persist(|store, record, attempt| store.release(record, attempt))
            .await;
        lease.announce_end(None);
        told
    } else {
        // What duplicates have seen cannot be taken back by giving the key away: the failure is final.
        let disposition = if released {
            Disposition::FailedFinal
        } else {
            verdict.disposition
        };
        complete(
            ticket,
            lease,
            Completion::new(disposition, ended.outcome, ticket.policy.ttl),
        )
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

async fn complete(ticket: &Ticket, lease: &Lease, completion: Completion) -> Option<Fence> {
    let told = lease
        .persist(|store, record, attempt| store.complete(record, attempt, completion.clone()))
        .await;
    let done =
        matches!(told, Some(Fence::Held)) && !matches!(ticket.policy.pending, Pending::Reject(_));
    lease.announce_end(done.then(|| State::Done {
        disposition: completion.disposition,
        outcome: completion.outcome,
    }));
    told
}

/// Leaves the record to whoever comes next, without waiting for the lease to run out.
pub(super) async fn abandon(lease: &Lease) -> Option<Fence> {
    lease.announce_end(None);
    lease.end().await
}

/// What the caller of an attempt that lost its record gets.
pub(super) async fn answer_for_lost<R>(ticket: &Ticket, lease: &Lease) -> Answer<R> {
    tracing::warn!(record = %ticket.record, "another attempt has taken the record over; answering from it");
    match lease.load().await {
        Ok(Some(record)) => match ticket.answer(record) {
            Entered::Recorded(outcome, _) | Entered::Provisional(outcome) => {
                Answer::Replayed(outcome)
            }
            Entered::Refused(refusal) => Answer::Refused(refusal),
            // A record says neither; a retry sees what it says then.
            Entered::Held(_) | Entered::Unprotected => Answer::Refused(ticket.pending()),
        },
        // Given back or expired meanwhile: a retry will run it.
        Ok(None) => Answer::Refused(ticket.pending()),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the record could not be read"
            );
            // The handler ran, so nothing may be said of that but to ask the record again.
            Answer::Refused(ticket.pending())
        }
    }
}
