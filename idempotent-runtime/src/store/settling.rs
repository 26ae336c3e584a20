//! Steps that are settled though their callers left.
//!
//! A step that was sent to a server cannot be called back: it may take effect after its caller has gone. What the caller's
//! attempt asks for next must not overtake it, or a claim that was given up would still be granted, and held by nobody
//! until its lease ran out. So a step whose future is dropped goes on in the background, and later steps of the same
//! attempt wait for it.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::StoreError;
use crate::identity::AttemptId;

/// How long a step that nobody waits for may take. Its connection is given up then, and whether the step takes effect is
/// unknown, as it is of a step that failed.
const SETTLED_WITHIN: Duration = Duration::from_secs(30);

type Work<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

/// The steps of one store that go on without their callers.
#[derive(Debug, Default)]
pub(super) struct Unsettled {
    /// How many attempts have one, so that the others need not take the lock.
    count: AtomicUsize,
    /// By attempt, the step that was left last. The channel closes when it is settled.
    left: Mutex<HashMap<AttemptId, watch::Receiver<()>>>,
}

impl Unsettled {
    /// The step, made so that it may be dropped at any time.
    pub(super) fn settle<T: Send + 'static>(
        self: &Arc<Self>,
        attempt: AttemptId,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Settling<T> {
        let unsettled = Arc::clone(self);
        Settling {
            unsettled: Arc::clone(self),
            attempt,
            begun: false,
            work: Some(Box::pin(async move {
                // Looked for when the step begins: it may have been made long before.
                if let Some(mut earlier) = unsettled.earlier(attempt) {
                    // Nothing is ever sent: an error says that the step is settled.
                    let _ = earlier.changed().await;
                }
                work.await
            })),
        }
    }

    fn earlier(&self, attempt: AttemptId) -> Option<watch::Receiver<()>> {
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.lock().get(&attempt).cloned()
    }

    fn leave<T: Send + 'static>(self: Arc<Self>, attempt: AttemptId, work: Work<T>) {
        // Outside a runtime the process is ending, and every attempt of it is abandoned.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let (settled, wait) = watch::channel(());
        {
            let mut left = self.lock();
            left.insert(attempt, wait.clone());
            self.count.store(left.len(), Ordering::Release);
        }
        runtime.spawn(async move {
            let _ = tokio::time::timeout(SETTLED_WITHIN, work).await;
            let mut left = self.lock();
            if left
                .get(&attempt)
                .is_some_and(|last| last.same_channel(&wait))
            {
                left.remove(&attempt);
                self.count.store(left.len(), Ordering::Release);
            }
            drop(left);
            drop(settled);
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AttemptId, watch::Receiver<()>>> {
        // Entries are put and taken whole, so a panic elsewhere leaves none half written.
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A step on its way.
pub(super) struct Settling<T: Send + 'static> {
    unsettled: Arc<Unsettled>,
    attempt: AttemptId,
    begun: bool,
    work: Option<Work<T>>,
}

impl<T: Send + 'static> Future for Settling<T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.begun = true;
        let Some(work) = &mut self.work else {
            // Polled again after its end, which is the caller's mistake.
            return Poll::Pending;
        };
        let polled = work.as_mut().poll(cx);
        if polled.is_ready() {
            self.work = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Settling<T> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take()
            && self.begun
        {
            Arc::clone(&self.unsettled).leave(self.attempt, work);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::atomic::AtomicBool;

    use futures_util::FutureExt as _;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_step_whose_caller_left_is_settled_before_the_next_one_of_its_attempt() {
        let unsettled = Arc::new(Unsettled::default());
        let attempt = AttemptId::random();
        let (go_on, gate) = oneshot::channel::<()>();
        let settled = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&settled);
        let mut first = unsettled.settle(attempt, async move {
            gate.await.unwrap();
            seen.store(true, Ordering::SeqCst);
            Ok(())
        });
        assert!((&mut first).now_or_never().is_none());
        drop(first);

        let other = unsettled.settle(AttemptId::random(), ready(Ok(())));
        assert!(
            other.now_or_never().is_some(),
            "another attempt need not wait"
        );
        let seen = Arc::clone(&settled);
        let mut second = unsettled.settle(attempt, async move { Ok(seen.load(Ordering::SeqCst)) });
        assert!((&mut second).now_or_never().is_none());
        go_on.send(()).unwrap();
        assert!(second.await.unwrap(), "the second overtook the first");
        assert_eq!(unsettled.count.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_step_that_was_never_begun_is_not_done() {
        let unsettled = Arc::new(Unsettled::default());
        drop(unsettled.settle(AttemptId::random(), async { Ok(()) }));
        assert_eq!(unsettled.count.load(Ordering::SeqCst), 0);
    }
}
