//! A gate that a handler stands before until a test opens it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

use crate::within_a_minute;

/// A gate. Clones are one gate.
#[derive(Clone, Debug)]
pub struct Gate {
    arrived: Arc<Semaphore>,
    opened: Arc<Semaphore>,
    count: Arc<AtomicUsize>,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        let closed = || Arc::new(Semaphore::new(0));
        Self {
            arrived: closed(),
            opened: closed(),
            count: Arc::default(),
        }
    }

    /// For a handler: says that it is here and waits to be let through.
    pub async fn pass(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.arrived.add_permits(1);
        self.opened.acquire().await.unwrap().forget();
    }

    /// For a test: waits until one more handler has arrived.
    pub async fn arrival(&self) {
        within_a_minute("a handler arrives", self.arrived.acquire())
            .await
            .unwrap()
            .forget();
    }

    /// For a test: lets one handler through, now or when it comes.
    pub fn let_one_through(&self) {
        self.opened.add_permits(1);
    }

    /// How many handlers have arrived so far.
    pub fn arrivals(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}
