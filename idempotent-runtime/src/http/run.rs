//! A call from its claim to its answer.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio_util::task::TaskTracker;

use super::answer::{keep, mark_unstored, replay};
use super::{Door, Refuser, Reply};
use crate::attempt::{Attempt, Running};
use crate::engine::cancel::Cancel;
use crate::engine::{
    self, Answer, ClaimRequest, Ended, Ending, Entered, Held, Supervisor, enter_now,
    enter_under_any_secret,
};
use crate::idempotency::Idempotency;
use crate::identity::AttemptId;
use crate::outcome::Outcome;

/// A call that knows what it claims.
pub struct Claiming<D: Door> {
    pub(super) request: ClaimRequest,
    /// Whether its body says that it is a multipart form, and cannot be read as one.
    pub(super) malformed: bool,
    pub(super) idempotency: Idempotency,
    pub(super) refuser: Refuser<D>,
    pub(super) attempt: Attempt,
}

/// What comes of a claim.
pub(crate) enum Claimed<D: Door> {
    /// The handler is to run.
    Run(HandlerRun<D>),
    Answer(D::Response),
    /// The record holds an outcome, which this attempt put there.
    Replay(Box<Claiming<D>>, Outcome, AttemptId),
}

/// A handler that is to run: under its record, or without one, because the store could not be reached and the endpoint runs its
/// handler all the same.
pub struct HandlerRun<D: Door>(Option<(Box<Claiming<D>>, Held)>);

impl<D: Door> Claiming<D> {
    /// The calls among which its task is to be counted.
    pub(crate) fn running(&self) -> &TaskTracker {
        self.request.engine.running()
    }

    /// Claims where the store answers at once. `Err`: nothing was done, and [`enter`](Self::enter) is to be called in a task
    /// that nobody cancels.
    ///
    /// Must be called on a runtime. A handler that is then to run must not be dropped before it has run.
    pub(crate) fn enter_now(self: Box<Self>) -> Result<Claimed<D>, Box<Self>> {
        match enter_now(&self.request) {
            Some(entered) => Ok(self.entered(entered)),
            None => Err(self),
        }
    }

    /// Claims, or finds out what the record says. It may be dropped where [`engine::enter`] may be.
    pub(crate) async fn enter(mut self: Box<Self>, cancel: &Cancel) -> Claimed<D> {
        let entered = enter_under_any_secret(&mut self.request, cancel).await;
        self.entered(entered)
    }

    /// Removes an outcome that `attempt` put there, and claims again.
    pub(crate) async fn forget_and_enter(
        self: Box<Self>,
        attempt: AttemptId,
        cancel: &Cancel,
    ) -> Claimed<D> {
        match engine::forget(&self.request, attempt).await {
            Ok(()) => self.enter(cancel).await,
            Err(refusal) => Claimed::Answer(self.refuser.respond(refusal)),
        }
    }

    fn entered(self: Box<Self>, entered: Entered) -> Claimed<D> {
        match entered {
            Entered::Held(held) => Claimed::Run(HandlerRun(Some((self, held)))),
            Entered::Unprotected => Claimed::Run(HandlerRun(None)),
            Entered::Recorded(outcome, attempt) => Claimed::Replay(self, outcome, attempt),
            Entered::Provisional(outcome) => Claimed::Answer(self.replay(&outcome)),
            Entered::Refused(refusal) => Claimed::Answer(self.refuser.respond(refusal)),
        }
    }

    /// The response that a recorded outcome makes.
    pub(crate) fn replay(&self, outcome: &Outcome) -> D::Response {
        replay::<D>(outcome, &self.idempotency.settings().http)
    }

    /// Whether the handler found out that the body is not the form that it says it is, and turned it away. A multipart form
    /// is read by the handler, not by its extractor, so this is the rejection of a bad body.
    fn is_rejected_by(&self, ended: &Ended<D::Response>) -> bool {
        self.malformed && ended.declared.is_none() && (400..500).contains(&ended.status)
    }

    /// The response that an attempt's answer makes.
    fn respond(&self, answer: Answer<D::Response>) -> D::Response {
        match answer {
            Answer::Fresh(response) => response,
            Answer::Unrecorded(mut response) => {
                mark_unstored::<D>(&mut response);
                response
            }
            Answer::Replayed(outcome) => self.replay(&outcome),
            Answer::Refused(refusal) => self.refuser.respond(refusal),
        }
    }
}

impl<D: Door> Claimed<D> {
    /// What becomes of a call whose retries get the recorded outcome as it is.
    pub(crate) fn or_replay(self) -> Result<HandlerRun<D>, D::Response> {
        match self {
            Self::Run(run) => Ok(run),
            Self::Answer(response) => Err(response),
            Self::Replay(claiming, outcome, _) => Err(claiming.replay(&outcome)),
        }
    }
}

impl<D: Door> HandlerRun<D> {
    /// Runs the handler and records how it ended. To be called in a task that nobody cancels.
    ///
    /// Nothing here depends on the handler's type, so that it is compiled once for each door.
    pub(crate) async fn run(
        self,
        handler: impl Future<Output = Reply<D::Response>> + Unpin,
    ) -> D::Response {
        if let Some((claiming, held)) = self.0 {
            return claiming.run(held, handler).await;
        }
        let mut response = handler.await.response;
        mark_unstored::<D>(&mut response);
        response
    }
}

impl<D: Door> Claiming<D> {
    async fn run(
        self: Box<Self>,
        held: Held,
        mut handler: impl Future<Output = Reply<D::Response>> + Unpin,
    ) -> D::Response {
        let request = &self.request;
        let mut supervisor = match engine::start(request, &held) {
            Ok(supervisor) => supervisor,
            Err(refusal) => return self.refuser.respond(refusal),
        };
        self.attempt.start(|| Running {
            lease: Arc::clone(&held.lease),
            secret: request.secret,
            generation: held.generation,
            abandoned: held.abandoned,
            idempotency: self.idempotency.clone(),
            policy: request.policy,
        });
        let ended = supervise(&mut supervisor, &mut handler).await;
        // Gone, with all that it holds, before anybody is told.
        drop(handler);
        let ending = match ended {
            // A body that never ends, or panics, is the handler's.
            Ending::Answered(reply) => {
                let settings = &self.idempotency.settings().http;
                let mut kept = pin!(keep::<D>(reply, request.policy.max_response, settings));
                supervise(&mut supervisor, &mut kept).await
            }
            Ending::Panicked(panic) => Ending::Panicked(panic),
            Ending::DeadlinePassed => Ending::DeadlinePassed,
        };
        drop(supervisor);
        let ending = match ending {
            Ending::Answered(ended) => Ending::Answered(Ended {
                rejected: self.is_rejected_by(&ended),
                ..ended
            }),
            other => other,
        };
        self.respond(engine::end(request, held, ending).await)
    }
}

/// Polls a piece of the handler's work under supervision.
async fn supervise<T>(
    supervisor: &mut Supervisor,
    work: &mut (impl Future<Output = T> + Unpin),
) -> Ending<T> {
    poll_fn(|cx: &mut Context<'_>| -> Poll<Ending<T>> {
        supervisor.poll(cx, &mut |cx| Pin::new(&mut *work).poll(cx))
    })
    .await
}

impl<D: Door> fmt::Debug for Claiming<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Claiming").field(&self.request).finish()
    }
}

impl<D: Door> fmt::Debug for HandlerRun<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HandlerRun").field(&self.0).finish()
    }
}
