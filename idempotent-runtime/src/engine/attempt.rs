//! A handler at work: under its lease, its deadline and a net for panics.

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

/// Watches over a handler: the heartbeat and the deadline. A handler that never waits pays for neither.
pub(crate) struct Supervisor {
    lease: Arc<Lease>,
    deadline: Duration,
    watching: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Supervisor {
    pub(super) fn new(lease: Arc<Lease>, deadline: Duration) -> Self {
        Self {
            lease,
            deadline,
            watching: None,
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
            Ok(Poll::Pending) => self.watch(cx).map(|()| Ending::DeadlinePassed),
        }
    }

    /// Ready once the deadline has passed.
    fn watch(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self {
            lease,
            deadline,
            watching,
        } = self;
        // A handler that is always busy uses up what tokio grants its task before others get their turn; the heartbeat
        // and the deadline must not wait for that.
        let watching = watching.get_or_insert_with(|| {
            let watch = watch(Arc::clone(lease), *deadline);
            Box::pin(tokio::task::unconstrained(watch))
        });
        watching.as_mut().poll(cx)
    }
}

async fn watch(lease: Arc<Lease>, deadline: Duration) {
    let passed = lease.clock().sleep(deadline);
    tokio::select! {
        biased;
        () = passed => {}
        never = lease.keep_alive() => match never {},
    }
}
