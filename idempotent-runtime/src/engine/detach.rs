//! Leaving the client's connection behind.
//!
//! While a call reads its request it is polled where its connection is served, and ends when its client leaves: nothing is
//! lost by that. From the claim on it must not be dropped, so it runs in a task of its own, and the connection only waits for
//! the answer through a [`Detached`].
//!
//! A call that found somebody else's record has nothing to protect any more. It [allows](Cancel::allow) that it is cancelled,
//! and then ends with its client, unless it [forbids](Cancel::forbid) that again because it claims once more.
//!
//! How a call gets its task is the door's choice, because it depends on the framework: one that is `Send` is
//! [sent](send) to any worker of the runtime, any other stays on [its thread](keep_local). A function that borrows can't have
//! a task of its own at all, and is awaited in place: it is dropped with its caller, whatever it says, and has a
//! [`Cancel::with_caller`].

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::cancel::Cancel;

/// Runs a call in a task of its own, on any worker of the runtime.
///
/// Panics where there is no tokio runtime.
#[cfg(feature = "axum")]
pub(crate) fn send<T: Send + 'static>(
    running: &TaskTracker,
    cancel: Cancel,
    call: impl Future<Output = T> + Send + 'static,
) -> Detached<T> {
    Detached {
        task: running.spawn(call.in_current_span()),
        cancel,
    }
}

/// Runs a call in a task of its own, on this thread.
///
/// Panics outside a tokio [`LocalSet`](tokio::task::LocalSet), in which actix runs its workers.
#[cfg(feature = "actix")]
pub(crate) fn keep_local<T: 'static>(
    running: &TaskTracker,
    cancel: Cancel,
    call: impl Future<Output = T> + 'static,
) -> Detached<T> {
    Detached {
        task: running.spawn_local(call.in_current_span()),
        cancel,
    }
}

/// A call that runs in a task of its own. Dropping this leaves it running, unless it may be cancelled.
///
/// A panic of the call is passed on to whoever polls this future.
pub struct Detached<T> {
    task: JoinHandle<T>,
    cancel: Cancel,
}

/// `None`: the runtime was shut down before the call ended.
impl<T> Future for Detached<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        match ready!(Pin::new(&mut self.task).poll(cx)) {
            Ok(output) => Poll::Ready(Some(output)),
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Poll::Ready(None),
            },
        }
    }
}

impl<T> Drop for Detached<T> {
    fn drop(&mut self) {
        if self.cancel.client_left() {
            self.task.abort();
        }
    }
}

impl<T> fmt::Debug for Detached<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detached").finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "axum", feature = "actix"))]
mod tests {
    use tokio::sync::oneshot;
    use tokio::task::LocalSet;

    use super::*;

    fn detached<T: Send + 'static>(
        cancel: &Cancel,
        call: impl Future<Output = T> + Send + 'static,
    ) -> Detached<T> {
        send(&TaskTracker::new(), cancel.clone(), call)
    }

    /// Lets the tasks of this thread go on.
    async fn settle() {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_call_goes_on_when_nobody_waits_for_it_any_more() {
        let cancel = Cancel::forbidden();
        let (go, wait) = oneshot::channel::<()>();
        let (done, ended) = oneshot::channel::<()>();
        let call = detached(&cancel, async move {
            wait.await.expect("the test lets it go on");
            done.send(()).expect("the test waits for it");
        });
        settle().await;
        drop(call);
        go.send(()).expect("the call waits");
        ended.await.expect("the call ran to its end");
    }

    #[tokio::test]
    async fn a_call_that_is_not_send_goes_on_as_well() {
        let (done, ended) = oneshot::channel::<()>();
        let running = TaskTracker::new();
        let here = LocalSet::new();
        here.run_until(async {
            let local = std::rc::Rc::new(7);
            drop(keep_local(&running, Cancel::forbidden(), async move {
                tokio::task::yield_now().await;
                assert_eq!(*local, 7);
                done.send(()).expect("the test waits for it");
            }));
            assert_eq!(running.len(), 1);
            ended.await.expect("the call ran to its end");
        })
        .await;
    }

    #[tokio::test]
    async fn calls_are_counted_while_they_run() {
        let running = TaskTracker::new();
        let call = send(&running, Cancel::forbidden(), std::future::ready(7));
        assert_eq!(running.len(), 1);
        assert_eq!(call.await, Some(7));
        assert!(running.is_empty());
    }

    #[tokio::test]
    async fn a_panic_is_passed_on() {
        let call = detached(&Cancel::forbidden(), async {
            std::panic::resume_unwind(Box::new("boom"));
        });
        let caught = tokio::spawn(call)
            .await
            .expect_err("it panicked")
            .into_panic();
        assert_eq!(caught.downcast_ref::<&str>(), Some(&"boom"));
    }

    #[tokio::test]
    async fn a_call_that_may_be_cancelled_ends_with_its_client() {
        let cancel = Cancel::forbidden();
        let (alive, gone) = oneshot::channel::<()>();
        let inside = cancel.clone();
        let call = detached(&cancel, async move {
            let _alive = alive;
            inside.allow();
            std::future::pending::<()>().await;
        });
        settle().await;
        drop(call);
        assert!(gone.await.is_err(), "the call's future was dropped");
    }

    #[tokio::test]
    async fn a_call_that_could_be_cancelled_and_claims_again_goes_on() {
        let cancel = Cancel::forbidden();
        let (go, wait) = oneshot::channel::<()>();
        let (done, ended) = oneshot::channel::<()>();
        let inside = cancel.clone();
        let call = detached(&cancel, async move {
            inside.allow();
            inside.forbid().await;
            wait.await.expect("the test lets it go on");
            done.send(()).expect("the test waits for it");
        });
        settle().await;
        drop(call);
        go.send(()).expect("the call waits");
        ended.await.expect("the call ran to its end");
    }

    #[tokio::test]
    async fn a_call_that_was_cancelled_never_claims_again() {
        let cancel = Cancel::forbidden();
        cancel.allow();
        assert!(cancel.client_left());
        let forbid = std::pin::pin!(cancel.forbid());
        assert!(futures_util::poll!(forbid).is_pending());
    }

    #[tokio::test]
    async fn a_call_whose_client_left_before_it_could_be_cancelled_is_told() {
        let cancel = Cancel::forbidden();
        let (go, wait) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel::<bool>();
        let inside = cancel.clone();
        let call = detached(&cancel, async move {
            wait.await.expect("the test lets it go on");
            inside.allow();
            tell.send(inside.has_come()).expect("the test waits for it");
        });
        settle().await;
        drop(call);
        go.send(()).expect("the call waits");
        assert_eq!(told.await, Ok(true));
    }
}
