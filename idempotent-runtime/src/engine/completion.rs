//! Telling the record how an attempt ended.

use super::complaints::Failed;
use super::errand_on_drop::ErrandOnDrop;
use super::{Answer, ClaimRequest, Ended, Entered, Errand, Lease};
use crate::outcome::Disposition;
use crate::policy::Pending;
use crate::store::{Completion, Fence, State, StoreError};

/// Writes the outcome, or gives the key back, as the policy says.
///
/// The caller gets what the record says: the handler's own reply only where the attempt still held it.
pub(super) async fn conclude<R>(
    request: &ClaimRequest,
    lease: &Lease,
    ended: Ended<R>,
) -> Answer<R> {
    let verdict = request.policy.release.judge(ended.status, ended.declared);
    let released = verdict.released || ended.rejected;
    let told = if released && !lease.is_published() {
        let dropped = on_drop(request, lease, Errand::Release);
        let told = lease
            .persist(|store, record, attempt| store.release(record, attempt))
            .await;
        dropped.disarm();
        lease.announce_end(None);
        leave_to_backlog(request, lease, &told, || Errand::Release);
        told
    } else {
        // What duplicates have seen cannot be taken back by giving the key away: the failure is final.
        let disposition = if released {
            Disposition::FailedFinal
        } else {
            verdict.disposition
        };
        complete(
            request,
            lease,
            Completion::new(disposition, ended.outcome, request.policy.ttl),
        )
        .await
    };
    match told {
        Ok(Fence::Held) => Answer::Fresh(ended.reply),
        Ok(Fence::Lost) => answer_for_lost(request, lease).await,
        Err(error) => {
            tracing::debug!(record = %request.record, attempt = %lease.attempt(), "an outcome could not be recorded before its lease ended");
            complain(request, Failed::Outcome, &error);
            Answer::Unrecorded(ended.reply)
        }
    }
}

fn on_drop<'a>(request: &'a ClaimRequest, lease: &Lease, errand: Errand) -> ErrandOnDrop<'a> {
    let backlog = &request.engine.backlog;
    ErrandOnDrop::new(backlog, lease.record(), lease.attempt(), errand)
}

fn complain(request: &ClaimRequest, failed: Failed, error: &StoreError) {
    let complaints = &request.engine.complaints;
    complaints.complain(request.engine.clock(), failed, error);
}

/// What could not be told while the lease lasted is told in the background. The record refuses it if another attempt has
/// taken it over by then.
fn leave_to_backlog(
    request: &ClaimRequest,
    lease: &Lease,
    told: &Result<Fence, StoreError>,
    errand: impl FnOnce() -> Errand,
) {
    if told.as_ref().is_err_and(StoreError::is_unavailable) {
        lease.leave_to(&request.engine.backlog, errand());
    }
}

async fn complete(
    request: &ClaimRequest,
    lease: &Lease,
    mut completion: Completion,
) -> Result<Fence, StoreError> {
    let told = if let Some(told) = lease.complete_now(&completion) {
        Ok(told)
    } else {
        let dropped = on_drop(request, lease, Errand::Complete(completion.clone()));
        let told = tell(request, lease, &mut completion).await;
        dropped.disarm();
        told
    };
    leave_to_backlog(request, lease, &told, || {
        Errand::Complete(completion.clone())
    });
    let done =
        matches!(told, Ok(Fence::Held)) && !matches!(request.policy.pending, Pending::Reject(_));
    lease.announce_end(done.then(|| State::Done {
        disposition: completion.disposition,
        outcome: completion.outcome,
    }));
    told
}

/// Tells the record its outcome, or, where the store cannot hold that, that it was not kept.
async fn tell(
    request: &ClaimRequest,
    lease: &Lease,
    completion: &mut Completion,
) -> Result<Fence, StoreError> {
    let told = lease
        .persist(|store, record, attempt| store.complete(record, attempt, completion.clone()))
        .await;
    if !told.as_ref().is_err_and(StoreError::is_too_large) || completion.outcome.take().is_none() {
        return told;
    }
    tracing::warn!(record = %request.record, "the store cannot hold the outcome; retries are told that it was not kept");
    lease
        .persist(|store, record, attempt| store.complete(record, attempt, completion.clone()))
        .await
}

/// Leaves the record to whoever comes next, without waiting for the lease to run out.
pub(super) async fn abandon(lease: &Lease) -> Option<Fence> {
    lease.announce_end(None);
    lease.end_now().await
}

/// What the caller of an attempt that lost its record gets.
pub(super) async fn answer_for_lost<R>(request: &ClaimRequest, lease: &Lease) -> Answer<R> {
    tracing::warn!(record = %request.record, "another attempt has taken the record over; answering from it");
    match lease.load().await {
        Ok(Some(record)) => match request.answer(record) {
            Entered::Recorded(outcome, _) | Entered::Provisional(outcome) => {
                Answer::Replayed(outcome)
            }
            Entered::Refused(refusal) => Answer::Refused(refusal),
            // A record says neither; a retry sees what it says then.
            Entered::Held(_) | Entered::Unprotected => Answer::Refused(request.pending()),
        },
        // Given back or expired meanwhile: a retry will run it.
        Ok(None) => Answer::Refused(request.pending()),
        Err(error) => {
            complain(request, Failed::Step, &error);
            // The handler ran, so nothing may be said of that but to ask the record again.
            Answer::Refused(request.pending())
        }
    }
}
