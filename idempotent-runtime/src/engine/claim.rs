//! Taking the record, and having a claim taken back whose answer nobody knows.

use std::time::Duration;

use super::backlog::Errand;
use super::complaints::Failed;
use super::errand_on_drop::ErrandOnDrop;
use super::steps::{CLAIM_PATIENCE, Sent, pause, send_twice};
use super::{ClaimRequest, Lease};
use crate::clock::Clock;
use crate::identity::AttemptId;
use crate::policy::{Abandoned, Pending, Ttl};
use crate::store::{Claim, Claimed, Record, StoreError, Takeover, Won};

/// The answer to a request's claim.
pub(super) enum Taken {
    /// The record is this call's.
    Won { lease: Lease, won: Won },
    /// What the record holds.
    Found(Record),
}

/// Claims the request's record.
///
/// A claim that isn't answered, or fails, is sent again under the same attempt id, to which the store answers "yours". If
/// in the end one of them may have taken the record, or may still, it is withdrawn in the background. A claim that was
/// never sent costs nothing more.
///
/// # Errors
///
/// If no claim was answered.
pub(super) async fn claim(request: &ClaimRequest) -> Result<Taken, StoreError> {
    let clock = request.engine.clock();
    let claim = request.claim_by(AttemptId::random());
    let withdraw = ErrandOnDrop::new(
        &request.engine.backlog,
        claim.record,
        claim.attempt,
        Errand::Withdraw(claim.clone()),
    );
    let claiming = send(request, &claim, clock).await;
    withdraw.disarm();
    let withdraws = match &claiming.sent.answer {
        Ok(Claimed::Won(_)) => false,
        Ok(_) | Err(_) => claiming.sent.unanswered,
    };
    let answer = match claiming.sent.answer {
        Ok(Claimed::Won(won)) => Ok(request.won(won, &claim, claiming.at)),
        Ok(Claimed::Found(record)) => Ok(Taken::Found(record)),
        Ok(Claimed::Withdrawn) => Err(StoreError::unknown("the claim was withdrawn")),
        Err(error) => {
            let complaints = &request.engine.complaints;
            complaints.complain(clock, Failed::Claim, &error);
            Err(error)
        }
    };
    if withdraws {
        request.engine.backlog.withdraw(claim);
    }
    answer
}

/// Claims the request's record where the store answers at once. `None`: nothing was done.
pub(super) fn claim_now(request: &ClaimRequest) -> Option<Taken> {
    let claim = request.claim_by(AttemptId::random());
    let at = request.engine.clock().monotonic();
    match request.engine.store().claim_now(&claim)? {
        Claimed::Won(won) => Some(request.won(won, &claim, at)),
        Claimed::Found(record) => Some(Taken::Found(record)),
        // No claim of this attempt came before.
        Claimed::Withdrawn => None,
    }
}

/// A claim that was sent, and when the last round of it began.
struct Claiming {
    sent: Sent<Claimed>,
    at: Duration,
}

/// Sends a claim, and once more where it failed. An answer that takes longer than the lease is useless, and a client that
/// waits should learn soon that the store is down.
async fn send(request: &ClaimRequest, claim: &Claim, clock: &dyn Clock) -> Claiming {
    let store = &**request.engine.store();
    let budget = &request.engine.budgets.claims;
    let patience = claim.lease.min(CLAIM_PATIENCE);
    let at = clock.monotonic();
    let first = send_twice(clock, budget, patience, || store.claim(claim.clone())).await;
    let error = match &first.answer {
        Err(error) if error.is_unavailable() => error,
        _ => return Claiming { sent: first, at },
    };
    if !error.is_not_sent() {
        pause(clock).await;
    }
    let now = clock.monotonic();
    let left = (at + patience).saturating_sub(now);
    if left.is_zero() {
        return Claiming { sent: first, at };
    }
    let mut again = send_twice(clock, budget, left, || store.claim(claim.clone())).await;
    again.unanswered |= first.unanswered;
    Claiming {
        sent: again,
        at: now,
    }
}

impl ClaimRequest {
    /// What an attempt claims.
    pub(super) fn claim_by(&self, attempt: AttemptId) -> Claim {
        let policy = self.policy;
        let claim = Claim::new(self.record, self.fingerprint, attempt, policy.lease)
            .label(self.label.clone());
        let claim = match policy.abandoned {
            Abandoned::Refuse => return claim,
            Abandoned::Rerun => claim.takeover(Takeover::Abandoned),
            Abandoned::RerunUpTo(most) => claim.takeover(Takeover::UpTo(most)),
        };
        match policy.ttl {
            Ttl::Forever => claim,
            Ttl::After(ttl) => claim.keep_abandoned(ttl),
        }
    }

    fn won(&self, won: Won, claim: &Claim, sent: Duration) -> Taken {
        let lease = Lease::new(self, claim, sent);
        if let Some(abandoned) = won.taken_from {
            tracing::info!(record = %self.record, %abandoned, "taking over an abandoned attempt");
        }
        if won.provisional.is_some() {
            lease.set_published();
        }
        if !matches!(self.policy.pending, Pending::Reject(_)) {
            lease.announce(&self.engine.waiters);
        }
        Taken::Won { lease, won }
    }
}
