//! Leaving the client's connection behind.
//!
//! A call starts in the task that serves its connection: while it reads the request, a client that leaves ends it, and
//! nothing is lost. When it is about to claim, it *requests* to be detached; from then on it must not be dropped. If
//! the claim is answered at once and the answer is a replay, the call ends where it is, without a task of its own.
//! Otherwise the [`Detachable`] moves it into one, and the handler never takes a step before that.
//!
//! A call that found somebody else's record has nothing to protect any more. It says that it can be *dispensed* with,
//! and ends with its client again, unless it makes another request.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// In its connection's task. Dropping it there is harmless.
const ATTACHED: u8 = 0;
/// The same, but it must be moved before it may be dropped.
const REQUESTED: u8 = 1;
/// In a task of its own, which nobody may cancel.
const DETACHED: u8 = 2;
/// In a task of its own, which ends with its client.
const DISPENSABLE: u8 = 3;
/// In a task of its own, and its client has left.
const ORPHANED: u8 = 4;
/// Its client has left, and nothing is to be done for it any more.
const CANCELLED: u8 = 5;

/// How far a call is from its connection. Shared by the call and what polls it.
#[derive(Clone)]
pub struct Detach {
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
    ///
    /// Never ends if the client of a call that could be dispensed with has left.
    pub(crate) async fn request(&self) {
        self.advance(ATTACHED, REQUESTED);
        self.advance(DISPENSABLE, DETACHED);
        if self.stage() == CANCELLED {
            std::future::pending::<()>().await;
        }
    }

    /// Says that the call may end with its client again.
    pub(crate) fn dispense(&self) {
        self.advance(REQUESTED, ATTACHED);
        self.advance(DETACHED, DISPENSABLE);
        self.advance(ORPHANED, CANCELLED);
    }

    /// Whether the client left before the call said that it can be dispensed with. The call is to end by itself then.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.stage() == CANCELLED
    }

    /// Ends once the call runs in a task of its own.
    pub(crate) async fn reached(&self) {
        // Needs no waker: whoever polls the call while it is attached polls it again right after detaching it.
        std::future::poll_fn(|_| match self.stage() {
            DETACHED | ORPHANED => Poll::Ready(()),
            _ => Poll::Pending,
        })
        .await;
    }

    fn stage(&self) -> u8 {
        self.stage.load(Ordering::Acquire)
    }

    /// Goes from one stage to another, unless it is at a third.
    fn advance(&self, from: u8, to: u8) -> bool {
        let exchanged = self
            .stage
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
        exchanged.is_ok()
    }

    fn spawn<T: Send + 'static>(&self, call: AnyCall<T>) -> JoinHandle<T> {
        self.advance(REQUESTED, DETACHED);
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
pub(crate) struct Detachable<T> {
    detach: Detach,
    stage: Stage<T>,
}

/// A call of any type. It is in a box anyway, since it moves; and a task is much to compile for each type of a call.
type AnyCall<T> = Pin<Box<dyn Future<Output = T> + Send>>;

enum Stage<T> {
    /// `None` before it is there, and once it has moved or ended.
    Attached(Option<AnyCall<T>>),
    Detached(JoinHandle<T>),
}

impl<T> Detachable<T> {
    /// One without a call yet.
    pub(crate) fn new(detach: Detach) -> Self {
        Self {
            detach,
            stage: Stage::Attached(None),
        }
    }

    /// Gives it its call, which requests through a clone of `detach`.
    pub(crate) fn attach(&mut self, call: AnyCall<T>) {
        self.stage = Stage::Attached(Some(call));
    }
}

/// `None`: the runtime was shut down before the call ended.
impl<T: Send + 'static> Future for Detachable<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = &mut *self;
        if let Stage::Attached(attached) = &mut this.stage {
            let Some(call) = attached else {
                return Poll::Ready(None);
            };
            if let Poll::Ready(output) = call.as_mut().poll(cx) {
                *attached = None;
                return Poll::Ready(Some(output));
            }
            if this.detach.stage() != REQUESTED {
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

impl<T> Drop for Detachable<T> {
    fn drop(&mut self) {
        let Stage::Detached(task) = &self.stage else {
            return;
        };
        if self.detach.advance(DISPENSABLE, CANCELLED) {
            task.abort();
        } else {
            self.detach.advance(DETACHED, ORPHANED);
        }
    }
}

impl<T> fmt::Debug for Detachable<T> {
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

    fn detachable<T>(
        detach: Detach,
        call: impl Future<Output = T> + Send + 'static,
    ) -> Detachable<T> {
        let mut detachable = Detachable::new(detach);
        detachable.attach(Box::pin(call));
        detachable
    }

    #[tokio::test]
    async fn a_call_that_is_dropped_before_it_asks_is_cancelled() {
        let detach = Detach::new(None);
        let (alive, gone) = oneshot::channel::<()>();
        let mut call = detachable(detach, async move {
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
        let mut call = detachable(detach.clone(), async move {
            detach.request().await;
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
        let mut call = detachable(detach.clone(), async move {
            detach.request().await;
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
        let inside = detachable(detach.clone(), async move {
            detach.request().await;
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
        let call = detachable(detach.clone(), async move {
            detach.request().await;
            detach.reached().await;
            std::panic::resume_unwind(Box::new("boom"));
        });
        let caught = tokio::spawn(call)
            .await
            .expect_err("it panicked")
            .into_panic();
        assert_eq!(caught.downcast_ref::<&str>(), Some(&"boom"));
    }

    #[tokio::test]
    async fn a_detached_call_that_can_be_dispensed_with_ends_with_its_client() {
        let detach = Detach::new(None);
        let (alive, gone) = oneshot::channel::<()>();
        let mut call = detachable(detach.clone(), async move {
            let _alive = alive;
            detach.request().await;
            detach.reached().await;
            detach.dispense();
            std::future::pending::<()>().await;
        });
        for _ in 0..3 {
            assert!(futures_util::poll!(&mut call).is_pending());
            tokio::task::yield_now().await;
        }
        drop(call);
        assert!(gone.await.is_err(), "the call's future was dropped");
    }

    #[tokio::test]
    async fn a_call_that_was_dispensed_with_and_asks_again_goes_on_when_it_is_dropped() {
        let detach = Detach::new(None);
        let (go, wait) = oneshot::channel::<()>();
        let (done, ended) = oneshot::channel::<()>();
        let mut call = detachable(detach.clone(), async move {
            detach.request().await;
            detach.reached().await;
            detach.dispense();
            detach.request().await;
            wait.await.expect("the test lets it go on");
            done.send(()).expect("the test waits for it");
        });
        for _ in 0..3 {
            assert!(futures_util::poll!(&mut call).is_pending());
            tokio::task::yield_now().await;
        }
        drop(call);
        go.send(()).expect("the call waits");
        ended.await.expect("the call ran to its end");
    }

    #[tokio::test]
    async fn a_request_after_the_client_has_left_is_never_granted() {
        let detach = Detach::new(None);
        detach.stage.store(CANCELLED, Ordering::Release);
        let request = std::pin::pin!(detach.request());
        assert!(futures_util::poll!(request).is_pending());
    }

    #[tokio::test]
    async fn a_call_whose_client_left_before_it_could_be_dispensed_with_is_told() {
        let detach = Detach::new(None);
        let (go, wait) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel::<bool>();
        let mut call = detachable(detach.clone(), async move {
            detach.request().await;
            wait.await.expect("the test lets it go on");
            detach.reached().await;
            detach.dispense();
            tell.send(detach.is_cancelled())
                .expect("the test waits for it");
        });
        assert!(futures_util::poll!(&mut call).is_pending());
        drop(call);
        go.send(()).expect("the call waits");
        assert_eq!(told.await, Ok(true));
    }
}
