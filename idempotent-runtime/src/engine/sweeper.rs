//! Removing what has expired.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::store::Store;

/// How many records a store removes in one step. Claims wait no longer than for one such step.
const BATCH: usize = 500;

/// Sweeps a store again and again, until `store` gives none any more.
pub(crate) async fn sweep_until_dropped(
    store: impl Fn() -> Option<Arc<dyn Store>>,
    clock: Arc<dyn Clock>,
    interval: Duration,
) {
    loop {
        clock.sleep(interval).await;
        let Some(store) = store() else { return };
        sweep(&*store).await;
    }
}

async fn sweep(store: &dyn Store) {
    loop {
        match store.sweep(BATCH).await {
            Ok(removed) if removed >= BATCH => tokio::task::yield_now().await,
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "expired records could not be swept"
                );
                return;
            }
        }
    }
}
