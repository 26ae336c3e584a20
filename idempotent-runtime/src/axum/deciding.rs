//! A call whose retries are decided by `on_replay`: what generated code calls for it.
//!
//! Its arguments are lent to the user's function first and go to the handler afterwards, so both stand in one future.

use std::fmt;
use std::future::Future;

use axum::response::Response;
use futures_util::future::BoxFuture;
use tokio_util::task::TaskTracker;

use super::captured::Call;
use super::door::Axum;
use super::on_replay::{OnReplay, Saved};
use super::replay::Witness;
use super::run::{Next, Rest};
use crate::engine::detach::Cancel;
use crate::http::run::{Claimed, Claiming, HandlerRun};

/// A call that has not claimed.
pub struct Undecided(Option<(Box<Claiming<Axum>>, Cancel)>);

/// All that is left to do of a call, or its answer.
pub struct Deciding<R>(At<R>);

enum At<R> {
    Answered(Response),
    /// It isn't protected.
    InPlace(R),
    Detached(TaskTracker, Cancel, R),
}

/// Hands the call to what is left to do of it.
pub fn decide<R>(call: Call, rest: impl FnOnce(Undecided) -> R) -> Deciding<R> {
    Deciding(match call.claiming() {
        Ok(Some(claiming)) => {
            let (running, cancel) = (claiming.running().clone(), Cancel::forbidden());
            let rest = rest(Undecided(Some((claiming, cancel.clone()))));
            At::Detached(running, cancel, rest)
        }
        Ok(None) => At::InPlace(rest(Undecided(None))),
        Err(response) => At::Answered(response),
    })
}

/// Hands over an answer.
pub fn decided<R>(response: Response) -> Deciding<R> {
    Deciding(At::Answered(response))
}

impl<R> Next for Deciding<R>
where
    R: Future<Output = Response> + Send + 'static,
{
    fn begin(self) -> Rest {
        match self.0 {
            At::Answered(response) => Rest::answered(response),
            At::InPlace(rest) => Rest::in_place(Box::pin(rest)),
            At::Detached(running, cancel, rest) => Rest::detached(&running, cancel, Box::pin(rest)),
        }
    }
}

/// A call that has claimed.
#[derive(Debug)]
pub enum Entry {
    /// The handler is to run.
    Run(Entered),
    /// The answer is known.
    Answered(Response),
}

/// A handler that is to run; `None` where it isn't protected.
pub struct Entered(Option<HandlerRun<Axum>>);

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
pub async fn enter<F, Fut>(call: Undecided, on_replay: F) -> Entry
where
    F: FnOnce(Saved) -> Fut,
    Fut: Future<Output = OnReplay>,
{
    let Some((claiming, cancel)) = call.0 else {
        return Entry::Run(Entered(None));
    };
    let claimed = match claiming.enter(&cancel).await {
        Claimed::Replay(claiming, outcome, attempt) => {
            match on_replay(Saved::new(outcome.clone())).await {
                OnReplay::Replay => return Entry::Answered(claiming.replay(&outcome)),
                OnReplay::Answer(response) => return Entry::Answered(response),
                OnReplay::Forget => claiming.forget_and_enter(attempt, &cancel).await,
            }
        }
        claimed => claimed,
    };
    // A recorded outcome now means that somebody else ran it meanwhile: that is the outcome of today.
    match claimed.or_replay() {
        Ok(run) => Entry::Run(Entered(Some(run))),
        Err(response) => Entry::Answered(response),
    }
}

/// Runs the handler under the call's key.
pub async fn protect<T>(
    entered: Entered,
    witness: impl Witness<T>,
    handler: impl Future<Output = T>,
) -> Response {
    // A response need not be `Send`, so it is made before anything waits.
    let handler = async { witness.reply(handler.await) };
    match entered.0 {
        Some(run) => run.run(Box::pin(handler)).await,
        None => handler.await.response,
    }
}

impl fmt::Debug for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Undecided").finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for Deciding<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deciding").finish_non_exhaustive()
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}
