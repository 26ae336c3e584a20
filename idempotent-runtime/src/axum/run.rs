//! One request through an annotated handler, from its head to its answer: what generated code calls, in this order.
//!
//! What is generic here is compiled anew for every handler, so it only passes things on.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use axum::response::Response;
use futures_util::future::BoxFuture;

use super::call::{Call, Claimed, Step};
use super::captured::{Captured, Received};
use super::key_argument::KeyArgument;
use super::on_replay::{OnReplay, Saved};
use super::reading::Reading;
use super::refuse::Refuser;
use super::replay::Witness;
use crate::engine::{self, Detach, Detachable};
use crate::identity::AttemptId;
use crate::outcome::Outcome;
use crate::policy::Policy;
use crate::refusal::Code;
use crate::scope::ScopeKey;

/// What an annotated handler's function returns. Whether the call can be detached is asked where it is routed, so that
/// a generic handler may be one for some types only.
#[must_use = "futures do nothing unless polled"]
pub struct Run<F> {
    /// Until it is polled. From then on the call's type does not matter: what polls and spawns it is compiled once.
    call: Option<Pin<Box<F>>>,
    running: Detachable<Response>,
}

impl<F> Future for Run<F>
where
    F: Future<Output = Response> + Send + 'static,
{
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        if let Some(call) = self.call.take() {
            self.running.attach(call);
        }
        poll_running(&mut self.running, cx)
    }
}

fn poll_running(call: &mut Detachable<Response>, cx: &mut Context<'_>) -> Poll<Response> {
    let ended = ready!(Pin::new(call).poll(cx));
    // The runtime was shut down under the call: its attempt is abandoned.
    Poll::Ready(ended.unwrap_or_else(|| Refuser::default().respond(Code::OutcomeUnknown)))
}

impl<F> fmt::Debug for Run<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}

/// How the request will be read, up to the handler's last argument; and what detaches its call.
pub fn receive<L>(
    captured: Captured<L>,
    policy: &'static Policy,
) -> (Detach, BoxFuture<'static, Received<L>>) {
    let (reading, detach) = Reading::new(captured.request, policy);
    (detach, (captured.extract)(reading))
}

/// The call as what the handler's function returns.
pub fn run<F>(detach: Detach, call: F) -> Run<F>
where
    F: Future<Output = Response>,
{
    Run {
        call: Some(Box::pin(call)),
        running: Detachable::new(detach),
    }
}

/// Adds a part to the call's scope.
pub fn scope<K: ScopeKey + ?Sized>(call: &mut Call, part: &K) {
    call.scope.push(part);
}

/// Tells the call a key that an expression gives.
pub fn key<K: KeyArgument + ?Sized>(call: &mut Call, key: &K) {
    call.arguments.push(key.key_text());
}

/// A call that was entered before its handler's future is made.
#[derive(Debug)]
pub enum Entry {
    /// It is the handler's turn.
    Run(Call),
    /// The answer is known.
    Answered(Response),
}

/// What a function for `on_replay` is kept as.
pub type Decide = Box<dyn FnOnce(Saved) -> BoxFuture<'static, OnReplay> + Send>;

/// A function for `on_replay`. What it should take and give is asked of it here alone: its type goes no further, or
/// what is wrong with it would be told again by whoever calls it.
pub fn deciding<F, Fut>(function: F) -> Decide
where
    F: FnOnce(Saved) -> Fut + Send + 'static,
    Fut: Future<Output = OnReplay> + Send + 'static,
{
    Box::new(|saved| Box::pin(function(saved)))
}

/// Claims the record. Where it has an outcome, `on_replay` says what becomes of it.
pub async fn enter<F, Fut>(mut call: Call, on_replay: F) -> Entry
where
    F: FnOnce(Saved) -> Fut,
    Fut: Future<Output = OnReplay>,
{
    match call.enter().await {
        Step::Replay(claimed, outcome, attempt) => {
            let decision = on_replay(Saved::new(outcome.clone())).await;
            decided(call, claimed, outcome, attempt, decision).await
        }
        step => entry(call, step),
    }
}

async fn decided(
    mut call: Call,
    claimed: Box<Claimed>,
    outcome: Outcome,
    attempt: AttemptId,
    decision: OnReplay,
) -> Entry {
    match decision {
        OnReplay::Replay => return Entry::Answered(claimed.replay(&outcome)),
        OnReplay::Answer(response) => return Entry::Answered(response),
        OnReplay::Forget => {}
    }
    let step = match engine::forget(&claimed.ticket, attempt).await {
        Ok(()) => call.claim(claimed).await,
        Err(refusal) => Step::Answer(claimed.refuser.respond(refusal)),
    };
    entry(call, step)
}

fn entry(call: Call, step: Step) -> Entry {
    match step {
        Step::Run => Entry::Run(call),
        Step::Answer(response) => Entry::Answered(response),
        // Somebody else ran it meanwhile: that is the outcome of today.
        Step::Replay(claimed, outcome, _) => Entry::Answered(claimed.replay(&outcome)),
    }
}

/// Runs the handler under the call's key, or answers without it.
pub async fn protect<T>(
    call: Call,
    witness: impl Witness<T>,
    handler: impl Future<Output = T>,
) -> Response {
    let mut turn = match call.start().await {
        Ok(turn) => turn,
        Err(answer) => return answer,
    };
    let ending = {
        // Gone when it has ended, before anybody is told.
        let mut handler = pin!(handler);
        poll_fn(|cx| {
            turn.poll(cx, &mut |cx| {
                // A response need not be `Send`, so it is made before anything waits.
                let answer = handler.as_mut().poll(cx);
                answer.map(|value| witness.reply(value))
            })
        })
        .await
    };
    turn.end(ending).await
}
