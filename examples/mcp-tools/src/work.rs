//! The slow part of a tool, simulated.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Work that takes time: a model that writes, a channel that publishes. By default it is done at once.
#[derive(Clone, Debug, Default)]
pub struct Work {
    held: Option<Held>,
}

/// Holds work back, so that a test can look at what happens meanwhile.
#[derive(Clone, Debug)]
pub struct Held {
    begun: Arc<Semaphore>,
    released: Arc<Semaphore>,
}

impl Work {
    /// Work that ends when it is released.
    pub fn held() -> (Self, Held) {
        let none = || Arc::new(Semaphore::new(0));
        let held = Held {
            begun: none(),
            released: none(),
        };
        let work = Self {
            held: Some(held.clone()),
        };
        (work, held)
    }

    pub(crate) async fn done(&self) {
        if let Some(held) = &self.held {
            held.begun.add_permits(1);
            take(&held.released).await;
        }
    }
}

impl Held {
    /// Waits until a piece of work begins.
    pub async fn begun(&self) {
        take(&self.begun).await;
    }

    /// Lets a piece of work end.
    pub fn release(&self) {
        self.released.add_permits(1);
    }
}

async fn take(semaphore: &Semaphore) {
    // It is never closed.
    if let Ok(permit) = semaphore.acquire().await {
        permit.forget();
    }
}
