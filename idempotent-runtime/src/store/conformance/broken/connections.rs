//! Stores whose steps wait for each other, as they do for a connection.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, Semaphore};

use super::rows::MapStore;
use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    Nothing,
    /// Every step waits until those before it are answered.
    Queue,
    /// So does every other step for one that its caller left, for ever.
    QueueOfTheLeft,
}

/// Rows in a map, behind connections that may be silent.
#[derive(Clone, Debug)]
struct Connections {
    flaw: Flaw,
    inner: MapStore,
    next_hangs: Arc<AtomicBool>,
    hangs: Arc<Notify>,
    turns: Arc<Semaphore>,
}

impl Connections {
    fn new(flaw: Flaw) -> Self {
        Self {
            flaw,
            inner: MapStore::new(rows::Flaw::Nothing),
            next_hangs: Arc::default(),
            hangs: Arc::default(),
            turns: Arc::new(Semaphore::new(1)),
        }
    }

    /// The way to the server and back.
    async fn travel(&self) {
        if self.next_hangs.swap(false, Ordering::SeqCst) {
            self.hangs.notify_one();
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
    }
}

impl RowStore for Connections {
    async fn step<A: Send + 'static>(
        &self,
        record: RecordId,
        decide: impl Fn(Option<&Row>, Timestamp) -> (Change, A) + Send + Sync + 'static,
    ) -> Result<A, StoreError> {
        match self.flaw {
            Flaw::Nothing => {
                self.travel().await;
                self.inner.step(record, decide).await
            }
            Flaw::Queue => {
                let _turn = self.turns.acquire().await.unwrap();
                self.travel().await;
                self.inner.step(record, decide).await
            }
            Flaw::QueueOfTheLeft => {
                self.turns.acquire().await.unwrap().forget();
                self.travel().await;
                let answer = self.inner.step(record, decide).await;
                self.turns.add_permits(1);
                answer
            }
        }
    }

    async fn scan(
        &self,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<(Vec<(RecordId, Row)>, Timestamp), StoreError> {
        self.inner.scan(after, limit).await
    }

    async fn sweep(&self, limit: usize) -> Result<usize, StoreError> {
        RowStore::sweep(&self.inner, limit).await
    }
}

impl Harness for Connections {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.clone())
    }

    fn advance(&self, duration: Duration) {
        self.inner.advance(duration);
    }

    fn hang_next_step(&self) -> Option<Hung> {
        self.next_hangs.store(true, Ordering::SeqCst);
        let hangs = Arc::clone(&self.hangs);
        Some(Box::pin(async move { hangs.notified().await }))
    }
}

found! {
    steps_that_wait_for_a_hung_one: Connections::new(Flaw::Queue) => [
        hanging::a_hung_step_does_not_hold_up_its_own_repetition,
        hanging::a_step_whose_caller_hangs_does_not_hold_up_its_repetition,
    ];
    steps_that_wait_for_one_that_was_left: Connections::new(Flaw::QueueOfTheLeft) => [
        hanging::a_step_whose_caller_left_does_not_hold_up_its_repetition,
        hanging::a_claim_whose_caller_left_is_withdrawn_at_once,
    ];
}

crate::store_conformance!(sound, Connections::new(Flaw::Nothing));
