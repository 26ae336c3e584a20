//! One request through an annotated handler, from its head to its answer: what generated code calls, in this order.
//!
//! What is generic here is compiled anew for every handler, so it only passes things on.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::response::Response;
use futures_util::future::BoxFuture;
use pin_project_lite::pin_project;
use tokio_util::task::TaskTracker;

use super::captured::{Call, Protection};
use super::door::Axum;
use super::replay::Reply;
use crate::engine::detach::{Cancel, Detached, send};
use crate::http::Refuser;
use crate::http::run::{Claiming, HandlerRun};
use crate::key::KeyArgument;
use crate::refusal::Code;
use crate::scope::ScopeKey;

/// Adds a part to the call's scope.
pub fn scope<K: ScopeKey + ?Sized>(call: &mut Call, part: &K) {
    if let Protection::Claimable(claimable) = &mut call.0 {
        claimable.push_scope(part);
    }
}

/// Tells the call a key that an expression gives.
pub fn key<K: KeyArgument + ?Sized>(call: &mut Call, key: &K) {
    if let Protection::Claimable(claimable) = &mut call.0 {
        claimable.push_key(key);
    }
}

pin_project! {
    /// What an annotated handler's function returns: a future that reads the request, and then what is left to do. Whether that
    /// can be detached is asked where the handler is routed, so that a generic handler may be one for some types only.
    #[must_use = "futures do nothing unless polled"]
    pub struct Run<F> {
        // It is polled in the connection's task. Dropping it there is harmless.
        #[pin]
        reading: Option<F>,
        // From here on the call's type does not matter: what polls and spawns it is compiled once.
        rest: Option<Rest>,
    }
}

/// Reads the request, and does what is then left to do.
pub fn run<F>(reading: F) -> Run<F>
where
    F: Future,
    F::Output: Next,
{
    Run {
        reading: Some(reading),
        rest: None,
    }
}

impl<F> Future for Run<F>
where
    F: Future,
    F::Output: Next,
{
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let mut this = self.project();
        if let Some(reading) = this.reading.as_mut().as_pin_mut() {
            let next = ready!(reading.poll(cx));
            // Without an await in between: a call that holds its record gets its task at once.
            *this.rest = Some(next.begin());
            this.reading.set(None);
        }
        poll_rest(this.rest, cx)
    }
}

fn poll_rest(rest: &mut Option<Rest>, cx: &mut Context<'_>) -> Poll<Response> {
    match rest {
        Some(rest) => rest.poll(cx),
        None => unreachable!("a future is not polled once it has panicked"),
    }
}

impl<F> fmt::Debug for Run<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}

/// What is left to do of a call that was read.
pub trait Next {
    /// Begins it: in a task of its own, where it must not be cancelled.
    fn begin(self) -> Rest;
}

/// A call that is over, or goes on.
pub struct Rest(At);

enum At {
    Answered(Option<Response>),
    /// A call that isn't protected runs in its connection's task, as it would without the attribute.
    InPlace(BoxFuture<'static, Response>),
    Detached(Detached<Response>),
}

impl Rest {
    pub(super) fn answered(response: Response) -> Self {
        Self(At::Answered(Some(response)))
    }

    pub(super) fn in_place(call: BoxFuture<'static, Response>) -> Self {
        Self(At::InPlace(call))
    }

    pub(super) fn detached(
        running: &TaskTracker,
        cancel: Cancel,
        call: impl Future<Output = Response> + Send + 'static,
    ) -> Self {
        Self(At::Detached(send(running, cancel, call)))
    }

    /// Claims where the store answers at once. A call that then holds its record gets its task before anything is awaited.
    fn claimed(
        claiming: Box<Claiming<Axum>>,
        handler: impl FnOnce() -> BoxFuture<'static, Reply>,
    ) -> Self {
        match enter_now(claiming) {
            Ok(response) => Self::answered(response),
            Err(left) => left.detach(handler()),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Response> {
        match &mut self.0 {
            At::Answered(response) => {
                let response = response.take();
                Poll::Ready(response.unwrap_or_else(|| unreachable!("polled once it has ended")))
            }
            At::InPlace(call) => call.as_mut().poll(cx),
            At::Detached(call) => {
                let ended = ready!(Pin::new(call).poll(cx));
                // The runtime was shut down under the call: its attempt is abandoned.
                Poll::Ready(ended.unwrap_or_else(|| {
                    Refuser::<Axum>::without_handle().respond(Code::OutcomeUnknown)
                }))
            }
        }
    }
}

/// A call that isn't answered at once.
enum Left {
    /// It holds its record.
    Run(TaskTracker, HandlerRun<Axum>),
    /// It has not claimed.
    Claim(Box<Claiming<Axum>>),
}

/// Claims where the store answers at once, and answers where the record does.
fn enter_now(claiming: Box<Claiming<Axum>>) -> Result<Response, Left> {
    let running = claiming.running().clone();
    match claiming.enter_now() {
        Ok(claimed) => match claimed.or_replay() {
            Ok(run) => Err(Left::Run(running, run)),
            Err(response) => Ok(response),
        },
        Err(claiming) => Err(Left::Claim(claiming)),
    }
}

impl Left {
    fn detach(self, handler: BoxFuture<'static, Reply>) -> Rest {
        match self {
            Self::Run(running, run) => {
                Rest::detached(&running, Cancel::with_caller(), run.run(handler))
            }
            Self::Claim(claiming) => {
                let (running, cancel) = (claiming.running().clone(), Cancel::forbidden());
                let call = claim_and_run(claiming, cancel.clone(), handler);
                Rest::detached(&running, cancel, call)
            }
        }
    }
}

async fn claim_and_run(
    claiming: Box<Claiming<Axum>>,
    cancel: Cancel,
    handler: BoxFuture<'static, Reply>,
) -> Response {
    // Boxed, so that the task has no room for it while the handler runs.
    match Box::pin(claiming.enter(&cancel)).await.or_replay() {
        Ok(run) => run.run(handler).await,
        Err(response) => response,
    }
}

/// A call and its handler, as a future of its reply.
pub enum Handing<H> {
    /// It is to run.
    Run(Call, H),
    /// The answer is known.
    Answered(Response),
}

/// Hands the call over with its handler.
pub fn hand_over<H>(call: Call, handler: H) -> Handing<H> {
    Handing::Run(call, handler)
}

/// Hands over an answer.
pub fn answered<H>(response: Response) -> Handing<H> {
    Handing::Answered(response)
}

impl<H> Next for Handing<H>
where
    H: Future<Output = Reply> + Send + 'static,
{
    fn begin(self) -> Rest {
        let (call, handler) = match self {
            Self::Run(call, handler) => (call, handler),
            Self::Answered(response) => return Rest::answered(response),
        };
        match call.claiming() {
            Ok(Some(claiming)) => Rest::claimed(claiming, || Box::pin(handler)),
            Ok(None) => Rest::in_place(Box::pin(async { handler.await.response })),
            Err(response) => Rest::answered(response),
        }
    }
}

impl Call {
    /// Makes what it claims; `None` where it needs no protection. `Err` is the answer.
    pub(super) fn claiming(self) -> Result<Option<Box<Claiming<Axum>>>, Response> {
        match self.0 {
            Protection::None => Ok(None),
            Protection::Claimable(claimable) => claimable.claiming(),
        }
    }
}

impl<H> fmt::Debug for Handing<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handing").finish_non_exhaustive()
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest").finish_non_exhaustive()
    }
}
