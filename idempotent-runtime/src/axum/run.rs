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

use super::door::Axum;
use super::on_replay::{OnReplay, Saved};
use super::witness::{Reply, Witness};
use crate::engine::detach::send;
use crate::http::call;
use crate::key::KeyArgument;
use crate::scope::ScopeKey;

/// A call whose handler has its arguments.
pub type Call = call::Call<Axum>;

/// What is left to do of a call.
pub type Rest = call::Rest<Axum>;

/// Adds a part to the call's scope.
pub fn scope<K: ScopeKey + ?Sized>(call: &mut Call, part: &K) {
    call.push_scope(part);
}

/// Tells the call a key that an expression gives.
pub fn key<K: KeyArgument + ?Sized>(call: &mut Call, key: &K) {
    call.push_key(key);
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
pub fn run<F: Future>(reading: F) -> Run<F> {
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
        match self {
            Self::Run(call, handler) => call.begin(|| Box::pin(handler)),
            Self::Answered(response) => Rest::answered(response),
        }
    }
}

impl<H> fmt::Debug for Handing<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handing").finish_non_exhaustive()
    }
}

/// A call that has not claimed.
pub type Undecided = call::Undecided<Axum>;

/// A handler that is to run.
pub type Entered = call::Entered<Axum>;

/// A call whose retries `on_replay` decides, as a future of its answer. The arguments are lent to the user's function first and
/// go to the handler afterwards, so both stand in it.
pub type Deciding<R> = call::Deciding<Axum, R>;

/// Hands the call to what is left to do of it.
pub fn decide<R>(call: Call, rest: impl FnOnce(Undecided) -> R) -> Deciding<R> {
    call.decide(rest)
}

/// Hands over an answer.
pub fn decided<R>(response: Response) -> Deciding<R> {
    Deciding::Answered(response)
}

impl<R> Next for Deciding<R>
where
    R: Future<Output = Response> + Send + 'static,
{
    fn begin(self) -> Rest {
        match self {
            Self::Answered(response) => Rest::answered(response),
            Self::InPlace(rest) => {
                Rest::in_place(Box::pin(async { Reply::undeclared(rest.await) }))
            }
            Self::Detached(running, cancel, rest) => {
                Rest::detached(send(&running, cancel, Box::pin(rest)))
            }
        }
    }
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

/// Claims the record. Where it has an outcome, `on_replay` says what becomes of it. `Err` is the answer.
///
/// # Errors
///
/// The answer, where the handler is not to run.
pub async fn enter<F, Fut>(call: Undecided, on_replay: F) -> Result<Entered, Response>
where
    F: FnOnce(Saved) -> Fut,
    Fut: Future<Output = OnReplay>,
{
    let decide = async |saved| on_replay(Saved::new(saved)).await.decision();
    call.enter(decide).await
}

/// Runs the handler under the call's key.
pub async fn protect<T>(
    entered: Entered,
    witness: impl Witness<T>,
    handler: impl Future<Output = T>,
) -> Response {
    // A response need not be `Send`, so it is made before anything waits.
    let handler = async { witness.reply(handler.await) };
    entered.run(handler).await
}
