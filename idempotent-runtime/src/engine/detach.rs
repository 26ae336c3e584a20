//! Leaving the client's connection behind.
//!
//! A call starts in the task that serves its connection: while it reads the request, a client that leaves ends it, and
//! nothing is lost. When it is about to claim, it *requests* to be detached; from then on it must not be dropped. If
//! the claim is answered at once and the answer is a replay, the call ends where it is, without a task of its own.
//! Otherwise the [`Detachable`] moves it into one, and the handler never takes a step before that.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

const ATTACHED: u8 = 0;
const REQUESTED: u8 = 1;
const DETACHED: u8 = 2;

/// How far a call is from its connection. Shared by the call and the [`Detachable`] that polls it.
#[derive(Clone)]
pub(crate) struct Detach {
    stage: Arc<AtomicU8>,
    running: Option<TaskTracker>,
}

impl Detach {
    /// For a call whose task is to be counted among those of `running`.
    pub(crate) fn new(running: Option<TaskTracker>) -> Self {
        Self {
            stage: Arc::new(AtomicU8::new(ATTACHED)),
            running,
        }
    }

    /// Asks for a task of its own as soon as the call has to wait. To be said before anything that must not be
    /// cancelled, and without an `.await` in between.
    pub(crate) fn request(&self) {
        // The call and the `Detachable` touch it within one poll, or one after the other: nothing else hangs on it.
        let _ =
            self.stage
                .compare_exchange(ATTACHED, REQUESTED, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Ends once the call runs in a task of its own.
    pub(crate) async fn reached(&self) {
        // Needs no waker: whoever polls the call while it is attached polls it again right after detaching it.
        std::future::poll_fn(|_| match self.stage.load(Ordering::Relaxed) {
            DETACHED => Poll::Ready(()),
            _ => Poll::Pending,
        })
        .await;
    }

    fn is_requested(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == REQUESTED
    }

    fn spawn<F>(&self, call: Pin<Box<F>>) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.stage.store(DETACHED, Ordering::Relaxed);
        let call = call.in_current_span();
        match &self.running {
            Some(running) => running.spawn(call),
            None => tokio::spawn(call),
        }
    }
}

/// A call that moves into a task of its own when it asks to. Dropping this future then leaves the call running.
///
/// A panic of the call is passed on to whoever polls this future.
pub(crate) struct Detachable<F: Future> {
    detach: Detach,
    stage: Stage<F>,
}

enum Stage<F: Future> {
    /// `None` only while it moves.
    Attached(Option<Pin<Box<F>>>),
    Detached(JoinHandle<F::Output>),
}

impl<F: Future> Detachable<F> {
    /// `call` requests through a clone of `detach`.
    pub(crate) fn new(detach: Detach, call: F) -> Self {
        Self {
            detach,
            stage: Stage::Attached(Some(Box::pin(call))),
        }
    }
}

/// `None`: the runtime was shut down before the call ended.
impl<F> Future for Detachable<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let this = &mut *self;
        if let Stage::Attached(attached) = &mut this.stage {
            let Some(call) = attached else {
                return Poll::Ready(None);
            };
            if let Poll::Ready(output) = call.as_mut().poll(cx) {
                *attached = None;
                return Poll::Ready(Some(output));
            }
            if !this.detach.is_requested() {
                return Poll::Pending;
            }
            let Some(call) = attached.take() else {
                return Poll::Ready(None);
            };
            this.stage = Stage::Detached(this.detach.spawn(call));
        }
        let Stage::Detached(task) = &mut this.stage else {
            return Poll::Ready(None);
        };
        match ready!(Pin::new(task).poll(cx)) {
            Ok(output) => Poll::Ready(Some(output)),
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Poll::Ready(None),
            },
        }
    }
}

impl<F: Future> fmt::Debug for Detachable<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Attached(_) => "Attached",
            Stage::Detached(_) => "Detached",
        };
        f.debug_tuple("Detachable").field(&stage).finish()
    }
}

impl fmt::Debug for Detach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Detach").field(&self.stage).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_call_that_is_dropped_before_it_asks_is_cancelled() {
        let detach = Detach::new(None);
        let (alive, gone) = oneshot::channel::<()>();
        let mut call = Detachable::new(detach, async move {
            let _alive = alive;
            std::future::pending::<()>().await;
        });
        assert!(futures_util::poll!(&mut call).is_pending());
        drop(call);
        assert!(gone.await.is_err(), "the call's future was dropped");
    }

    #[tokio::test]
    async fn a_call_that_asked_goes_on_when_it_is_dropped() {
        let detach = Detach::new(None);
        let (go, wait) = oneshot::channel::<()>();
        let (done, ended) = oneshot::channel::<()>();
        let mut call = Detachable::new(detach.clone(), async move {
            detach.request();
            wait.await.expect("the test lets it go on");
            done.send(()).expect("the test waits for it");
        });
        assert!(futures_util::poll!(&mut call).is_pending());
        drop(call);
        go.send(()).expect("the call waits");
        ended.await.expect("the call ran to its end");
    }

    #[tokio::test]
    async fn a_call_that_need_not_wait_gets_no_task() {
        let running = TaskTracker::new();
        let detach = Detach::new(Some(running.clone()));
        let mut call = Detachable::new(detach.clone(), async move {
            detach.request();
            tokio::task::try_id()
        });
        let here = tokio::task::try_id();
        assert_eq!(futures_util::poll!(&mut call), Poll::Ready(Some(here)));
        assert!(running.is_empty());
    }

    #[tokio::test]
    async fn what_follows_reached_runs_in_a_task_of_its_own_from_its_first_step() {
        static STARTED_ATTACHED: AtomicBool = AtomicBool::new(false);
        let detach = Detach::new(None);
        let inside = Detachable::new(detach.clone(), async move {
            detach.request();
            detach.reached().await;
            STARTED_ATTACHED.store(tokio::task::try_id().is_none(), Ordering::Relaxed);
            7
        });
        assert_eq!(inside.await, Some(7));
        assert!(!STARTED_ATTACHED.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn a_panic_is_passed_on() {
        let detach = Detach::new(None);
        let call = Detachable::new(detach.clone(), async move {
            detach.request();
            detach.reached().await;
            std::panic::resume_unwind(Box::new("boom"));
        });
        let caught = tokio::spawn(call)
            .await
            .expect_err("it panicked")
            .into_panic();
        assert_eq!(caught.downcast_ref::<&str>(), Some(&"boom"));
    }
}
