//! How a framework's calls get tasks of their own.

use tokio_util::task::TaskTracker;

use super::run::{Claiming, HandlerRun};
use super::{Door, Reply};
use crate::engine::cancel::Cancel;
use crate::engine::detach::Detached;

/// A door that can give a call a task of its own: one that any worker takes up, or one that stays on its thread. Only with the
/// framework's types in sight does the compiler know which of the two a call can have.
pub trait Detaching: Door {
    /// A handler that is to run, in a box.
    type Handler: Future<Output = Reply<Self::Response>> + Unpin;

    /// Runs [`HandlerRun::run`] in a task of its own.
    fn detach_run(
        running: &TaskTracker,
        cancel: Cancel,
        run: HandlerRun<Self>,
        handler: Self::Handler,
    ) -> Detached<Self::Response>;

    /// Runs [`claim_and_run`](super::call::claim_and_run) in a task of its own.
    fn detach_claim(
        running: &TaskTracker,
        cancel: Cancel,
        claiming: Box<Claiming<Self>>,
        handler: Self::Handler,
    ) -> Detached<Self::Response>;
}
