//! A store that tells which records were claimed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::outcome::Outcome;
use idempotent_runtime::store::{
    Claim, Claimed, Completion, Fence, Record, Resolution, Store, StoreFuture,
};

/// A store around another. Clones are one store.
#[derive(Clone, Debug)]
pub struct SpyStore {
    inner: Arc<dyn Store>,
    claimed: Arc<Mutex<Vec<RecordId>>>,
}

impl SpyStore {
    /// Looks over this store's shoulder.
    pub fn new(inner: impl Store) -> Self {
        Self {
            inner: Arc::new(inner),
            claimed: Arc::default(),
        }
    }

    /// The record that was claimed last.
    pub fn last_claimed(&self) -> RecordId {
        *self.claimed.lock().unwrap().last().unwrap()
    }
}

impl Store for SpyStore {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        self.claimed.lock().unwrap().push(claim.record);
        self.inner.claim(claim)
    }

    fn renew(
        &self,
        record: RecordId,
        attempt: AttemptId,
        lease: Duration,
    ) -> StoreFuture<'_, Fence> {
        self.inner.renew(record, attempt, lease)
    }

    fn publish(
        &self,
        record: RecordId,
        attempt: AttemptId,
        outcome: Outcome,
    ) -> StoreFuture<'_, Fence> {
        self.inner.publish(record, attempt, outcome)
    }

    fn complete(
        &self,
        record: RecordId,
        attempt: AttemptId,
        completion: Completion,
    ) -> StoreFuture<'_, Fence> {
        self.inner.complete(record, attempt, completion)
    }

    fn release(&self, record: RecordId, attempt: AttemptId) -> StoreFuture<'_, Fence> {
        self.inner.release(record, attempt)
    }

    fn load(&self, record: RecordId) -> StoreFuture<'_, Option<Record>> {
        self.inner.load(record)
    }

    fn forget(&self, record: RecordId, seen: AttemptId) -> StoreFuture<'_, Fence> {
        self.inner.forget(record, seen)
    }

    fn resolve(
        &self,
        record: RecordId,
        seen: AttemptId,
        attempt: AttemptId,
        resolution: Resolution,
    ) -> StoreFuture<'_, Fence> {
        self.inner.resolve(record, seen, attempt, resolution)
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, usize> {
        self.inner.sweep(limit)
    }
}
