//! A call whose handler has its arguments, and what is left to do of it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio_util::task::TaskTracker;

use super::run::{Claiming, HandlerRun};
use super::saved::{Decision, SavedOutcome};
use super::{Claimable, Detaching, Refuser, Reply};
use crate::engine::cancel::Cancel;
use crate::engine::detach::Detached;
use crate::key::KeyArgument;
use crate::refusal::Code;
use crate::scope::ScopeKey;

/// A call whose handler has its arguments. It needs no protection where nothing is inside.
pub struct Call<D: Detaching>(Option<Box<Claimable<D>>>);

impl<D: Detaching> Call<D> {
    pub(crate) fn unprotected() -> Self {
        Self(None)
    }

    pub(crate) fn claimable(claimable: Box<Claimable<D>>) -> Self {
        Self(Some(claimable))
    }

    /// Adds a part to its scope.
    pub(crate) fn push_scope<K: ScopeKey + ?Sized>(&mut self, part: &K) {
        if let Some(claimable) = &mut self.0 {
            claimable.push_scope(part);
        }
    }

    /// Tells it a key that an expression gives.
    pub(crate) fn push_key<K: KeyArgument + ?Sized>(&mut self, key: &K) {
        if let Some(claimable) = &mut self.0 {
            claimable.push_key(key);
        }
    }

    /// Makes what it claims; `None` where it needs no protection. `Err` is the answer.
    fn claiming(self) -> Result<Option<Box<Claiming<D>>>, D::Response> {
        self.0.map_or(Ok(None), Claimable::claiming)
    }

    /// Claims where the store answers at once. A call that then holds its record gets its task before anything is awaited.
    pub(crate) fn begin(self, handler: impl FnOnce() -> D::Handler) -> Rest<D> {
        match self.claiming() {
            Ok(Some(claiming)) => match enter_now(claiming) {
                Ok(response) => Rest::answered(response),
                Err(left) => left.detach(handler()),
            },
            Ok(None) => Rest(At::InPlace(handler())),
            Err(response) => Rest::answered(response),
        }
    }

    /// Hands the call to what is left to do of it, in which `on_replay` decides.
    pub(crate) fn decide<R>(self, rest: impl FnOnce(Undecided<D>) -> R) -> Deciding<D, R> {
        match self.claiming() {
            Ok(Some(claiming)) => {
                let (running, cancel) = (claiming.running().clone(), Cancel::forbidden());
                let rest = rest(Undecided(Some((claiming, cancel.clone()))));
                Deciding::Detached(running, cancel, rest)
            }
            Ok(None) => Deciding::InPlace(rest(Undecided(None))),
            Err(response) => Deciding::Answered(response),
        }
    }
}

/// A call that isn't answered at once.
enum Left<D: Detaching> {
    /// It holds its record.
    Run(TaskTracker, HandlerRun<D>),
    /// It has not claimed.
    Claim(Box<Claiming<D>>),
}

/// Claims where the store answers at once, and answers where the record does.
fn enter_now<D: Detaching>(claiming: Box<Claiming<D>>) -> Result<D::Response, Left<D>> {
    let running = claiming.running().clone();
    match claiming.enter_now() {
        Ok(claimed) => match claimed.or_replay() {
            Ok(run) => Err(Left::Run(running, run)),
            Err(response) => Ok(response),
        },
        Err(claiming) => Err(Left::Claim(claiming)),
    }
}

impl<D: Detaching> Left<D> {
    fn detach(self, handler: D::Handler) -> Rest<D> {
        Rest(At::Detached(match self {
            Self::Run(running, run) => D::detach_run(&running, Cancel::with_caller(), run, handler),
            Self::Claim(claiming) => {
                let (running, cancel) = (claiming.running().clone(), Cancel::forbidden());
                D::detach_claim(&running, cancel, claiming, handler)
            }
        }))
    }
}

/// Claims, and runs the handler where it is to run.
pub(crate) async fn claim_and_run<D: Detaching>(
    claiming: Box<Claiming<D>>,
    cancel: Cancel,
    handler: D::Handler,
) -> D::Response {
    match claiming.enter(&cancel).await.or_replay() {
        Ok(run) => run.run(handler).await,
        Err(response) => response,
    }
}

/// What is left to do of a call: it is over, or goes on.
pub struct Rest<D: Detaching>(At<D>);

enum At<D: Detaching> {
    Answered(Option<D::Response>),
    /// A handler that isn't protected runs in its connection's task, as it would without the attribute.
    InPlace(D::Handler),
    Detached(Detached<D::Response>),
}

impl<D: Detaching> Rest<D> {
    pub(crate) fn answered(response: D::Response) -> Self {
        Self(At::Answered(Some(response)))
    }

    pub(crate) fn in_place(handler: D::Handler) -> Self {
        Self(At::InPlace(handler))
    }

    pub(crate) fn detached(call: Detached<D::Response>) -> Self {
        Self(At::Detached(call))
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<D::Response> {
        match &mut self.0 {
            At::Answered(response) => {
                let response = response.take();
                Poll::Ready(response.unwrap_or_else(|| unreachable!("polled once it has ended")))
            }
            At::InPlace(handler) => Pin::new(handler).poll(cx).map(|reply| reply.response),
            At::Detached(call) => {
                let ended = ready!(Pin::new(call).poll(cx));
                // The runtime was shut down under the call: its attempt is abandoned.
                Poll::Ready(ended.unwrap_or_else(|| {
                    Refuser::<D>::without_handle().respond(Code::OutcomeUnknown)
                }))
            }
        }
    }
}

/// A call that has not claimed. It isn't protected where nothing is inside.
pub struct Undecided<D: Detaching>(Option<(Box<Claiming<D>>, Cancel)>);

/// All that is left to do of a call whose retries `on_replay` decides, or its answer.
pub enum Deciding<D: Detaching, R> {
    #[doc(hidden)]
    Answered(D::Response),
    /// It isn't protected.
    #[doc(hidden)]
    InPlace(R),
    #[doc(hidden)]
    Detached(TaskTracker, Cancel, R),
}

/// A handler that is to run; it isn't protected where nothing is inside.
pub struct Entered<D: Detaching>(Option<HandlerRun<D>>);

impl<D: Detaching> Undecided<D> {
    /// Claims the record. Where it has an outcome, `on_replay` says what becomes of it. `Err` is the answer.
    pub(crate) async fn enter(
        self,
        on_replay: impl AsyncFnOnce(SavedOutcome) -> Decision<D::Response>,
    ) -> Result<Entered<D>, D::Response> {
        use super::run::Claimed::Replay;
        let Some((claiming, cancel)) = self.0 else {
            return Ok(Entered(None));
        };
        let claimed = match claiming.enter(&cancel).await {
            Replay(claiming, outcome, attempt) => {
                match on_replay(SavedOutcome::new(outcome.clone())).await {
                    Decision::Replay => return Err(claiming.replay(&outcome)),
                    Decision::Answer(response) => return Err(response),
                    Decision::Forget => claiming.forget_and_enter(attempt, &cancel).await,
                }
            }
            claimed => claimed,
        };
        // A recorded outcome now means that somebody else ran it meanwhile: that is the outcome of today.
        claimed.or_replay().map(|run| Entered(Some(run)))
    }
}

impl<D: Detaching> Entered<D> {
    /// Runs the handler under the call's key.
    pub(crate) async fn run(
        self,
        handler: impl Future<Output = Reply<D::Response>>,
    ) -> D::Response {
        match self.0 {
            Some(run) => run.run(Box::pin(handler)).await,
            None => handler.await.response,
        }
    }
}

macro_rules! opaque_debug {
    ($($ty:ident),*) => {$(
        impl<D: Detaching> fmt::Debug for $ty<D> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($ty)).finish_non_exhaustive()
            }
        }
    )*};
}

opaque_debug!(Call, Rest, Undecided, Entered);

impl<D: Detaching, R> fmt::Debug for Deciding<D, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deciding").finish_non_exhaustive()
    }
}
