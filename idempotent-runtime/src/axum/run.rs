//! One request through an annotated handler, from its head to its answer: what generated code calls, in this order.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::response::Response;
use futures_util::future::BoxFuture;

use super::attempt::Attempt;
use super::call::{Call, Stage, Step, Why, receive};
use super::captured::Captured;
use super::key_argument::KeyArgument;
use super::on_replay::{OnReplay, Saved};
use super::record;
use super::refuse::Refuser;
use super::replay::Witness;
use crate::engine::{self, Detach, Detachable};
use crate::idempotency::Idempotency;
use crate::policy::Policy;
use crate::refusal::Code;
use crate::scope::ScopeKey;

/// What an annotated handler's function returns. Whether the call can be detached is asked where it is routed, so that
/// a generic handler may be one for some types only.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Run<F: Future>(Detachable<F>);

impl<F> Future for Run<F>
where
    F: Future<Output = Response> + Send + 'static,
{
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let ended = ready!(Pin::new(&mut self.0).poll(cx));
        // The runtime was shut down under the call: its attempt is abandoned.
        Poll::Ready(ended.unwrap_or_else(|| Refuser::default().respond(Code::OutcomeUnknown)))
    }
}

/// Reads the request, then calls `body` with what was learned and the handler's last argument.
pub fn run<L, C, F>(
    captured: Captured<L>,
    policy: &'static Policy,
    body: C,
) -> Run<impl Future<Output = Response>>
where
    C: FnOnce(Call, L) -> F,
    F: Future<Output = Response>,
{
    let Captured { request, extract } = captured;
    let idempotency = request.extensions().get::<Idempotency>().cloned();
    let detach = Detach::new(idempotency.as_ref().map(|it| it.running().clone()));
    Run(Detachable::new(detach.clone(), async move {
        let (call, request) = match receive(request, policy, idempotency, detach).await {
            Ok(received) => received,
            Err(answer) => return answer,
        };
        let attempt = request.extensions().get::<Attempt>().cloned();
        let last = extract(request).await;
        if let Some(attempt) = attempt {
            attempt.seal();
        }
        match last {
            Ok(last) => body(call, last).await,
            Err(rejection) => rejection,
        }
    }))
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
    let step = match call.enter().await {
        Step::Replay(claimed, outcome, attempt) => {
            match on_replay(Saved::new(outcome.clone())).await {
                OnReplay::Replay => return Entry::Answered(claimed.replay(&outcome)),
                OnReplay::Answer(response) => return Entry::Answered(response),
                OnReplay::Forget => {}
            }
            match engine::forget(&claimed.ticket, attempt).await {
                Ok(()) => call.claim(claimed).await,
                Err(refusal) => Step::Answer(claimed.refuser.respond(refusal)),
            }
        }
        step => step,
    };
    match step {
        Step::Run => Entry::Run(call),
        Step::Answer(response) => Entry::Answered(response),
        // Somebody else ran it meanwhile: that is the outcome of today.
        Step::Replay(claimed, outcome, _) => Entry::Answered(claimed.replay(&outcome)),
    }
}

/// Runs the handler under the call's key, or answers without it.
pub async fn protect<T>(
    mut call: Call,
    witness: impl Witness<T>,
    handler: impl Future<Output = T>,
) -> Response {
    match call.enter().await {
        Step::Run => {}
        Step::Answer(response) => return response,
        Step::Replay(claimed, outcome, _) => return claimed.replay(&outcome),
    }
    let (claimed, held) = match call.stage {
        Stage::Held(claimed, held) => (claimed, held),
        Stage::Unprotected(Why::StoreDown) => {
            let mut response = witness.reply(handler.await).response;
            record::mark_unstored(&mut response);
            return response;
        }
        Stage::Unprotected(Why::NotAsked) => return witness.reply(handler.await).response,
        // A call that has entered is not there any more; if one were, nothing may run under it.
        Stage::Received(received) => return received.refuser.respond(Code::Misconfigured),
    };
    claimed.attempt.start(&claimed.ticket, &held);
    let settings = claimed.ticket.idempotency.settings();
    let max_response = claimed.ticket.policy.max_response;
    let handler = async {
        // No await between the two: a response need not be `Send`.
        let reply = witness.reply(handler.await);
        record::keep(reply, max_response, settings).await
    };
    claimed.respond(engine::run(&claimed.ticket, held, &claimed.detach, handler).await)
}
