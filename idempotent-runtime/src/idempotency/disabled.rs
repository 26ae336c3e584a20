//! A handle that protects nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Idempotency, Settings};
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Outcome;
use crate::store::{
    Claim, Claimed, Completion, Fence, List, Page, Record, Resolution, Store, StoreError,
    StoreFuture,
};

impl Idempotency {
    /// A handle under which every handler runs as if it were not annotated: no key is asked for or read, nothing is looked
    /// up or recorded, and an `Attempt` is inert. It needs no store.
    ///
    /// It is for tests of handlers that aren't about retries, and for an incident in which running twice is better than
    /// not running. The first call under it says so in the log, once, at the level `WARN`.
    ///
    /// ```
    /// # #[cfg(feature = "axum")]
    /// # {
    /// use idempotent_runtime::Idempotency;
    ///
    /// let app: axum::Router = axum::Router::new().layer(Idempotency::disabled());
    /// # drop(app);
    /// # }
    /// ```
    pub fn disabled() -> Self {
        let settings = Settings {
            disabled: Some(Arc::default()),
            sweep_interval: None,
            ..Settings::default()
        };
        Self::from_parts(Arc::new(NoStore), settings)
    }

    /// Whether calls run unprotected. The first that asks is told of in the log.
    pub(crate) fn is_disabled(&self) -> bool {
        let Some(told) = &self.settings().disabled else {
            return false;
        };
        if !told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "idempotency is disabled: handlers run unprotected, and a retry runs them again"
            );
        }
        true
    }
}

/// Whether the log was told that calls run unprotected.
pub(crate) type Told = Arc<AtomicBool>;

/// The store of a handle that has none.
#[derive(Debug)]
struct NoStore;

fn no_store<T: Send + 'static>() -> StoreFuture<'static, T> {
    let error = StoreError::not_sent("idempotency is disabled, so there is no store");
    Box::pin(std::future::ready(Err(error)))
}

impl Store for NoStore {
    fn claim(&self, _: Claim) -> StoreFuture<'_, Claimed> {
        no_store()
    }

    fn withdraw(&self, _: Claim) -> StoreFuture<'_, Fence> {
        no_store()
    }

    fn renew(&self, _: RecordId, _: AttemptId, _: Duration) -> StoreFuture<'_, Fence> {
        no_store()
    }

    fn publish(&self, _: RecordId, _: AttemptId, _: Outcome) -> StoreFuture<'_, Fence> {
        no_store()
    }

    fn complete(&self, _: RecordId, _: AttemptId, _: Completion) -> StoreFuture<'_, Fence> {
        no_store()
    }

    fn release(&self, _: RecordId, _: AttemptId) -> StoreFuture<'_, Fence> {
        no_store()
    }

    fn load(&self, _: RecordId) -> StoreFuture<'_, Option<Record>> {
        no_store()
    }

    fn forget(&self, _: RecordId, _: AttemptId) -> StoreFuture<'_, Fence> {
        no_store()
    }

    fn resolve(
        &self,
        _: RecordId,
        _: AttemptId,
        _: AttemptId,
        _: Resolution,
    ) -> StoreFuture<'_, Fence> {
        no_store()
    }

    fn list(&self, _: List) -> StoreFuture<'_, Page> {
        no_store()
    }

    fn sweep(&self, _: usize) -> StoreFuture<'_, usize> {
        no_store()
    }
}
