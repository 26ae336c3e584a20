//! A handler's turn: from the claim of its record to its answer, but for the handler itself.
//!
//! Nothing here depends on a handler's type, so that it is compiled once and not for every handler. A handler is polled
//! through a reference, and its reply is a response by then.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};

use axum::response::Response;

use super::call::{Call, Claimed, Stage, Step, Why};
use super::record;
use super::replay::Reply;
use crate::engine::{self, Ended, Ending, Held, Supervisor};
use crate::refusal::Code;

/// One handler's turn.
pub(super) enum Turn {
    Unprotected(Why),
    Protected {
        claimed: Box<Claimed>,
        held: Held,
        supervisor: Supervisor,
    },
}

/// How to poll a handler.
pub(super) type PollHandler<'h> = dyn FnMut(&mut Context<'_>) -> Poll<Reply> + 'h;

impl Call {
    /// Goes on to where the handler is to run. `Err` is the answer without it.
    pub(super) async fn start(mut self) -> Result<Turn, Response> {
        match self.enter().await {
            Step::Run => {}
            Step::Answer(response) => return Err(response),
            Step::Replay(claimed, outcome, _) => return Err(claimed.replay(&outcome)),
        }
        match self.stage {
            Stage::Held(claimed, held) => {
                claimed.attempt.start(&claimed.ticket, &held);
                let started = engine::start(&claimed.ticket, &held, &claimed.detach).await;
                let supervisor = started.map_err(|refusal| claimed.refuser.respond(refusal))?;
                Ok(Turn::Protected {
                    claimed,
                    held,
                    supervisor,
                })
            }
            Stage::Unprotected(why) => Ok(Turn::Unprotected(why)),
            // A call that has entered is not there any more; if one were, nothing may run under it.
            Stage::Received(received) => Err(received.refuser.respond(Code::Misconfigured)),
        }
    }
}

impl Turn {
    /// Polls the handler, under supervision where it is protected.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        handler: &mut PollHandler<'_>,
    ) -> Poll<Ending<Reply>> {
        match self {
            Self::Unprotected(_) => handler(cx).map(Ending::Answered),
            Self::Protected { supervisor, .. } => supervisor.poll(cx, handler),
        }
    }

    /// Records how the handler ended, and says what its caller gets.
    pub(super) async fn end(self, ending: Ending<Reply>) -> Response {
        let (claimed, held, mut supervisor) = match self {
            Self::Protected {
                claimed,
                held,
                supervisor,
            } => (claimed, held, supervisor),
            Self::Unprotected(why) => return unprotected(why, ending),
        };
        let ticket = &claimed.ticket;
        let ending = match ending {
            // A body that never ends, or panics, is the handler's.
            Ending::Answered(reply) => {
                let (max_response, settings) =
                    (ticket.policy.max_response, ticket.idempotency.settings());
                let mut kept = pin!(record::keep(reply, max_response, settings));
                poll_fn(|cx| supervisor.poll(cx, &mut |cx| kept.as_mut().poll(cx))).await
            }
            Ending::Panicked(panic) => Ending::Panicked(panic),
            Ending::DeadlinePassed => Ending::DeadlinePassed,
        };
        drop(supervisor);
        let ending = match ending {
            Ending::Answered(ended) => Ending::Answered(Ended {
                rejected: claimed.is_rejected_by(&ended),
                ..ended
            }),
            other => other,
        };
        claimed.respond(engine::end(ticket, held, ending).await)
    }
}

fn unprotected(why: Why, ending: Ending<Reply>) -> Response {
    let Ending::Answered(Reply { mut response, .. }) = ending else {
        // Nobody supervises it: its panic went by, and it has no deadline.
        unreachable!("an unprotected handler ends by answering");
    };
    if why == Why::StoreDown {
        record::mark_unstored(&mut response);
    }
    response
}
