//! A handler at work: under its deadline, and with a net for panics. Its lease is the [heartbeat](super::heartbeat)'s.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::Lease;

/// How a handler ended.
pub(crate) enum Ending<T> {
    Answered(T),
    Panicked(Box<dyn Any + Send>),
    DeadlinePassed,
}

/// Watches over a handler. One that never waits needs no timer.
pub(crate) struct Supervisor {
    lease: Arc<Lease>,
    /// When the deadline passes, counted from when the claim was sent.
    until: Duration,
    deadline: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Supervisor {
    pub(super) fn new(lease: Arc<Lease>, deadline: Duration) -> Self {
        Self {
            until: lease.sent().saturating_add(deadline),
            lease,
            deadline: None,
        }
    }

    /// Polls a piece of the handler's work, which is given as what polls it: so nothing is compiled anew for each handler.
    pub(crate) fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        work: &mut dyn FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<Ending<T>> {
        // A handler that panicked is never polled again, so nobody sees what it left half done but through its own
        // shared state, as after any panic in a task.
        match catch_unwind(AssertUnwindSafe(|| work(cx))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ending::Answered(output)),
            Err(panic) => Poll::Ready(Ending::Panicked(panic)),
            Ok(Poll::Pending) => self.poll_deadline(cx).map(|()| Ending::DeadlinePassed),
        }
    }

    /// Ready once the deadline has passed.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self {
            lease,
            until,
            deadline,
        } = self;
        // A handler that is always busy uses up what tokio grants its task before others get their turn; the deadline must
        // not wait for that.
        let deadline = deadline.get_or_insert_with(|| {
            let left = until.saturating_sub(lease.clock().monotonic());
            Box::pin(tokio::task::unconstrained(lease.clock().sleep(left)))
        });
        deadline.as_mut().poll(cx)
    }
}
