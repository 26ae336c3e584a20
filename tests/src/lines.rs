//! Counts what is logged.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// A layer for `tracing` that counts the runtime's warnings and errors. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<AtomicUsize>);

impl Lines {
    /// How many there were so far.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl<S: tracing::Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target().starts_with("idempotent_runtime")
            && *event.metadata().level() <= tracing::Level::WARN
        {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}
