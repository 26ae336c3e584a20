//! One call of an annotated function: what generated code calls, in this order.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use serde::Serialize;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::attempt::Attempt;
use super::rejection::Rejection;
use super::value::{Kept, Returns};
use crate::attempt::{self, Running};
use crate::engine::cancel::Cancel;
use crate::engine::{
    self, Answer, ClaimRequest, Ended, Ending, Entered, Held, enter_now, enter_under_any_secret,
};
use crate::fingerprint::Fingerprint;
use crate::idempotency::{Found, Idempotency};
use crate::identity::Origin;
use crate::key::{IdempotencyKey, InvalidKey, KeyArgument, Place, agree, parse_key};
use crate::operation::OperationName;
use crate::outcome::{Disposition, Outcome};
use crate::policy::{Missing, Operation, Policy};
use crate::refusal::Code;
use crate::scope::{Scope, ScopeKey};

/// A call whose arguments are being looked at.
pub struct Call {
    idempotency: Idempotency,
    policy: &'static Policy,
    scope: Scope,
    /// The texts of the keys that expressions gave, in their order.
    keys: Vec<Option<String>>,
    /// The arguments that count, each written as JSON.
    counted: Vec<Vec<u8>>,
    /// Whether one of these could not be written.
    unreadable: bool,
}

/// Begins a call.
pub fn call(idempotency: &Idempotency, policy: &'static Policy) -> Call {
    Call {
        idempotency: idempotency.clone(),
        policy,
        scope: Scope::global(),
        keys: Vec::new(),
        counted: Vec::new(),
        unreadable: false,
    }
}

/// Adds a part to the call's scope.
pub fn scope<K: ScopeKey + ?Sized>(call: &mut Call, part: &K) {
    call.scope.push(part);
}

/// Tells the call a key that an expression gives.
pub fn key<K: KeyArgument + ?Sized>(call: &mut Call, key: &K) {
    call.keys.push(key.key_text());
}

/// Tells the call an argument that makes it another call if it differs.
pub fn fingerprint<T: Serialize + ?Sized>(call: &mut Call, argument: &T) {
    match serde_json::to_vec(argument) {
        Ok(written) => call.counted.push(written),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "an argument that `fingerprint` names could not be written as JSON"
            );
            call.unreadable = true;
        }
    }
}

/// What comes of a call before its body runs.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "it is taken apart at once, and a box would cost every call an allocation"
)]
pub enum Begun<R> {
    /// The body is to run, with this attempt.
    Run(Run, Attempt),
    /// What was recorded.
    Recorded(R),
    /// It is refused.
    Rejected(Rejection),
}

/// A body that is to run.
pub struct Run {
    protection: Option<Protection>,
}

struct Protection {
    request: ClaimRequest,
    held: Option<Held>,
    /// Counts the call among those in flight.
    _running: TaskTrackerToken,
}

/// Claims the call's record, or finds out what it says.
pub async fn begin<R>(call: Call, returns: &impl Returns<R>) -> Begun<R> {
    if call.idempotency.is_disabled() {
        return Begun::Run(Run::unprotected(), Attempt(attempt::Attempt::new()));
    }
    let mut request = match call.claim_request() {
        Ok(Some(request)) => request,
        Ok(None) => return Begun::Run(Run::unprotected(), Attempt(attempt::Attempt::new())),
        Err(code) => return Begun::Rejected(Rejection::new(code)),
    };
    let running = request.engine.running().token();
    let entered = match enter_now(&request) {
        Some(entered) => entered,
        None => Box::pin(enter_under_any_secret(&mut request, &Cancel::with_caller())).await,
    };
    let attempt = attempt::Attempt::new();
    match entered {
        Entered::Held(held) => {
            attempt.start(|| Running {
                lease: Arc::clone(&held.lease),
                secret: request.secret,
                generation: held.generation,
                abandoned: held.abandoned,
                idempotency: call.idempotency.clone(),
                policy: call.policy,
            });
            let protection = Protection {
                request,
                held: Some(held),
                _running: running,
            };
            let run = Run {
                protection: Some(protection),
            };
            Begun::Run(run, Attempt(attempt))
        }
        Entered::Unprotected => Begun::Run(Run::unprotected(), Attempt(attempt)),
        Entered::Recorded(outcome, _) | Entered::Provisional(outcome) => {
            recorded(&outcome, returns)
        }
        Entered::Refused(refusal) => Begun::Rejected(refusal.into()),
    }
}

fn recorded<R>(outcome: &Outcome, returns: &impl Returns<R>) -> Begun<R> {
    match returns.returned(outcome) {
        Some(returned) => Begun::Recorded(returned),
        // It was recorded, and can't be given: it must not run again either.
        None => Begun::Rejected(Rejection::new(Code::OutcomeNotKept)),
    }
}

impl Call {
    /// What the call claims; `None` where it needs no protection.
    fn claim_request(&self) -> Result<Option<ClaimRequest>, Code> {
        let key = match self.key() {
            Ok(Some(key)) => key,
            Ok(None) => {
                return match self.policy.missing {
                    Missing::Reject => Err(Code::KeyMissing),
                    Missing::Unprotected => Ok(None),
                };
            }
            Err(InvalidKey) => return Err(Code::KeyInvalid),
        };
        let Operation::Named(name) = self.policy.operation else {
            tracing::error!("an idempotent task needs a name: write `operation = \"a name\"`");
            return Err(Code::Misconfigured);
        };
        if self.unreadable {
            return Err(Code::Misconfigured);
        }
        let fingerprints = self
            .idempotency
            .fingerprints(|secret| Fingerprint::of_arguments(secret, &self.counted));
        let found = Found {
            origin: Origin::Task,
            operation: &OperationName::named(name),
            scope: &self.scope,
            key: key.as_str(),
        };
        let request = self
            .idempotency
            .claim_request(self.policy, &found, &fingerprints);
        Ok(Some(request))
    }

    /// The call's key: the first that is present, if no other differs.
    fn key(&self) -> Result<Option<IdempotencyKey>, InvalidKey> {
        let format = self.policy.key_format;
        let mut key = None;
        for text in self.keys.iter().flatten() {
            let found = parse_key(text.as_bytes(), format, Place::Elsewhere)?;
            key = agree(key, Some(found))?;
        }
        Ok(key)
    }
}

/// Runs the body under the call's record, and says what its caller gets.
///
/// Dropping the future abandons the attempt.
///
/// # Errors
///
/// Where the attempt lost its record, or passed its deadline, and there is no value to give.
pub async fn run<R>(
    mut run: Run,
    returns: &impl Returns<R>,
    body: impl Future<Output = R>,
) -> Result<R, Rejection> {
    let Some(protection) = &mut run.protection else {
        return Ok(body.await);
    };
    let Some(held) = &protection.held else {
        unreachable!("what was begun is run once");
    };
    let request = &protection.request;
    let mut supervisor = engine::start(request, held)?;
    let ending = {
        // Gone when it has ended, before anybody is told.
        let mut body = pin!(body);
        std::future::poll_fn(|cx| supervisor.poll(cx, &mut |cx| body.as_mut().poll(cx))).await
    };
    drop(supervisor);
    let ending = match ending {
        Ending::Answered(returned) => {
            let max = request.policy.max_response;
            Ending::Answered(ended(returned, returns, max))
        }
        Ending::Panicked(panic) => Ending::Panicked(panic),
        Ending::DeadlinePassed => Ending::DeadlinePassed,
    };
    protection.end(ending, returns).await
}

/// What is told of a value that the body returned.
fn ended<R>(returned: R, returns: &impl Returns<R>, max_response: usize) -> Ended<R> {
    let (status, kept) = returns.keep(&returned);
    let (outcome, declared) = match kept {
        Kept::Outcome(outcome) if outcome.body().len() <= max_response => (Some(outcome), None),
        Kept::Outcome(_) | Kept::Unwritable => (None, None),
        // What can't be recorded can't be replayed either, so the key is given back.
        Kept::Never => (None, Some(Disposition::FailedRetriable)),
    };
    Ended {
        status,
        declared,
        rejected: false,
        outcome,
        reply: returned,
    }
}

impl Run {
    fn unprotected() -> Self {
        Self { protection: None }
    }
}

impl Protection {
    async fn end<R>(
        &mut self,
        ending: Ending<Ended<R>>,
        returns: &impl Returns<R>,
    ) -> Result<R, Rejection> {
        let Some(held) = self.held.take() else {
            unreachable!("what was begun is run once");
        };
        // Should this be dropped while the record is told, the telling goes on in the background.
        match engine::end(&self.request, held, ending).await {
            Answer::Fresh(returned) | Answer::Unrecorded(returned) => Ok(returned),
            Answer::Replayed(outcome) => returns
                .returned(&outcome)
                .ok_or(Rejection::new(Code::OutcomeNotKept)),
            Answer::Refused(refusal) => Err(refusal.into()),
        }
    }
}

/// A call that is dropped while its body runs, or before it, is abandoned: the record is told, so that nobody waits for the
/// lease to run out.
impl Drop for Protection {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            engine::leave(&self.request, held);
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}
