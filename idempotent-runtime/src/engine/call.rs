//! The order of a call: it enters, its handler runs, it ends.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::backlog::Errand;
use super::cancel::Cancel;
use super::claim::{Taken, claim, claim_now};
use super::completion::{abandon, answer_for_lost, conclude};
use super::errand_on_drop::ErrandOnDrop;
use super::heartbeat::Beating;
use super::{Ending, Engine, Identity, Lease, Supervisor};
use crate::fingerprint::Fingerprint;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::{Disposition, Outcome};
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::store::{Fence, Label, Won};

/// What a call claims, and under which policy.
#[derive(Debug)]
pub(crate) struct ClaimRequest {
    pub(crate) engine: Arc<Engine>,
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
    Recorded(
        Outcome,
        #[cfg_attr(
            not(feature = "web"),
            expect(dead_code, reason = "only web doors forget an outcome")
        )]
        AttemptId,
    ),
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

/// Claims the record where the store answers at once, as memory does, and the answer needs no waiting. `None`: nothing was
/// done that [`enter`] doesn't do again.
///
/// Must be called on a runtime. A call that is then [`Held`](Entered::Held) must not be dropped before it has run.
pub(crate) fn enter_now(request: &ClaimRequest) -> Option<Entered> {
    if !request.others.is_empty() {
        return None;
    }
    let permit = request.engine.admit().ok()?;
    request.engine.make_ready();
    match claim_now(request)? {
        Taken::Won { lease, won } => Some(Entered::Held(request.held(lease, &won, permit))),
        Taken::Found(record) if request.waits_for(&record).is_some() => None,
        Taken::Found(record) => {
            tracing::debug!(record = %request.record, state = ?record.state, "answering from the record");
            Some(request.answer(record))
        }
    }
}

/// Claims the record, or finds out what it says.
///
/// The future may be dropped before it is polled. From then on it may be dropped only where `cancel` says so; and a call that
/// was entered as [`Held`](Entered::Held) must not be dropped before it has run.
pub(crate) async fn enter(request: &ClaimRequest, cancel: &Cancel) -> Entered {
    let Ok(permit) = request.engine.admit() else {
        return request.answer_without_claim().await;
    };
    request.engine.make_ready();
    cancel.forbid().await;
    match claim(request).await {
        Ok(Taken::Won { lease, won }) => Entered::Held(request.held(lease, &won, permit)),
        Ok(Taken::Found(record)) => {
            // Nothing is held: neither the client's leaving nor the bound on attempts matters here.
            cancel.allow();
            drop(permit);
            if cancel.has_come() {
                // Its client left while the claim was on its way: nobody is there to wait for anything.
                return Entered::Refused(request.pending());
            }
            tracing::debug!(record = %request.record, state = ?record.state, "answering from the record");
            request.wait_and_answer(record).await
        }
        Err(error) => request.without_store(&error, cancel),
    }
}

impl ClaimRequest {
    /// The call that won its claim. Its lease is renewed from here on.
    fn held(&self, lease: Lease, won: &Won, permit: Option<OwnedSemaphorePermit>) -> Held {
        let lease = Arc::new(lease);
        let heartbeat = &self.engine.heartbeat;
        let beating = heartbeat.enter(Arc::clone(&lease), self.policy.deadline);
        Held {
            lease,
            generation: won.generation,
            abandoned: won.abandoned,
            permit,
            beating,
        }
    }
}

/// Says that the handler of a call that holds its record is about to run, and who watches over it. To be called in the task
/// where it is to run.
///
/// # Errors
///
/// If the lease ended meanwhile, as in a process that was stopped, and the record may be another attempt's.
pub(crate) fn start(request: &ClaimRequest, held: &Held) -> Result<Supervisor, Refusal> {
    if held.lease.has_ended() {
        // Nothing has run under it: the retry that the caller is told to make may.
        let claim = request.claim_by(held.lease.attempt());
        request.engine.backlog.withdraw(claim);
        return Err(request.pending());
    }
    let lease = Arc::clone(&held.lease);
    Ok(Supervisor::new(lease, request.policy.deadline))
}

/// Abandons the attempt of a call that was dropped: the record is told in the background, so that nobody waits for the lease to
/// run out.
pub(crate) fn leave(request: &ClaimRequest, held: Held) {
    let Held { lease, beating, .. } = held;
    drop(beating);
    lease.announce_end(None);
    // Dropped at once, it leaves its errand.
    drop(ErrandOnDrop::new(
        &request.engine.backlog,
        lease.record(),
        lease.attempt(),
        Errand::EndLease,
    ));
}

/// Tells the record how the handler ended.
pub(crate) async fn end<R>(
    request: &ClaimRequest,
    held: Held,
    ending: Ending<Ended<R>>,
) -> Answer<R> {
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
        Ending::Answered(ended) => conclude(request, &lease, ended).await,
        Ending::DeadlinePassed => {
            tracing::warn!(record = %request.record, attempt = %lease.attempt(), "the handler passed its deadline; its attempt is abandoned");
            match abandon(&lease).await {
                Some(Fence::Lost) => answer_for_lost(request, &lease).await,
                _ => Answer::Refused(request.abandoned(held_after.saturating_add(1))),
            }
        }
        Ending::Panicked(panic) => {
            tracing::error!(record = %request.record, attempt = %lease.attempt(), "the handler panicked; its attempt is abandoned");
            abandon(&lease).await;
            std::panic::resume_unwind(panic)
        }
    };
    drop(permit);
    answer
}
