//! What handlers set going, simulated.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;

/// The work behind an API: runs, calls, charges. It counts how often it was done.
///
/// Clones are one backend.
#[derive(Clone, Default)]
pub struct Backend(Arc<Work>);

#[derive(Default)]
struct Work {
    done: AtomicUsize,
    takes: Option<Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>>,
}

impl Backend {
    /// A backend whose work is done at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// A backend whose work takes as long as the future that `takes` makes for it.
    pub fn that_takes<F, Fut>(takes: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self(Arc::new(Work {
            done: AtomicUsize::new(0),
            takes: Some(Box::new(move || Box::pin(takes()))),
        }))
    }

    /// Does a piece of work.
    pub async fn work(&self) {
        self.0.done.fetch_add(1, Ordering::SeqCst);
        if let Some(takes) = &self.0.takes {
            takes().await;
        }
    }

    /// How often work was set going so far.
    pub fn done(&self) -> usize {
        self.0.done.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("done", &self.done())
            .finish_non_exhaustive()
    }
}
