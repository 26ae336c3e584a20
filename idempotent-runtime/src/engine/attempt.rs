//! A handler at work: under its lease, its deadline and a net for panics.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use super::Lease;

/// How a handler ended.
pub(super) enum Ending<T> {
    Answered(T),
    Panicked(Box<dyn Any + Send>),
    DeadlinePassed,
}

/// Drives a handler to its end. When this future is done, the handler is gone.
pub(super) async fn supervise<H: Future>(
    lease: &Lease,
    deadline: Duration,
    handler: H,
) -> Ending<H::Output> {
    let mut handler = pin!(handler);
    let mut watch = Watch {
        lease,
        deadline,
        running: None,
    };
    std::future::poll_fn(|cx| {
        // A handler that panicked is never polled again, so nobody sees what it left half done but through its own
        // shared state, as after any panic in a task.
        match catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(cx))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ending::Answered(output)),
            Err(panic) => Poll::Ready(Ending::Panicked(panic)),
            Ok(Poll::Pending) => watch.poll(cx).map(|()| Ending::DeadlinePassed),
        }
    })
    .await
}

/// The heartbeat and the deadline. A handler that never waits pays for neither.
struct Watch<'l> {
    lease: &'l Lease,
    deadline: Duration,
    running: Option<Pin<Box<dyn Future<Output = ()> + Send + 'l>>>,
}

impl Watch<'_> {
    /// Ready once the deadline has passed.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self {
            lease,
            deadline,
            running,
        } = self;
        // A handler that is always busy uses up what tokio grants its task before others get their turn; the heartbeat
        // and the deadline must not wait for that.
        let running = running
            .get_or_insert_with(|| Box::pin(tokio::task::unconstrained(watch(lease, *deadline))));
        running.as_mut().poll(cx)
    }
}

async fn watch(lease: &Lease, deadline: Duration) {
    let passed = lease.clock().sleep(deadline);
    tokio::select! {
        biased;
        () = passed => {}
        never = lease.keep_alive() => match never {},
    }
}
