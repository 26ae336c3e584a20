//! A store behind a pointer is a store, so an application can choose one when it starts.

use std::sync::Arc;
use std::time::Duration;

use super::{
    Claim, Claimed, Completion, Fence, List, Page, Record, Renewal, RenewalsFuture, Resolution,
    Store, StoreFuture, Survives,
};
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Outcome;

/// A store that can be used as a `dyn Store`. Every store can; only generic code needs this trait to know it.
pub trait AsStore: Store {
    /// The store behind such a pointer.
    fn as_store(&self) -> &dyn Store;
}

impl<S: Store> AsStore for S {
    fn as_store(&self) -> &dyn Store {
        self
    }
}

impl AsStore for dyn Store {
    fn as_store(&self) -> &dyn Store {
        self
    }
}

impl<S: AsStore + ?Sized> Store for Arc<S> {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        (**self).claim(claim)
    }

    fn claim_now(&self, claim: &Claim) -> Option<Claimed> {
        (**self).claim_now(claim)
    }

    fn withdraw(&self, claim: Claim) -> StoreFuture<'_, Fence> {
        (**self).withdraw(claim)
    }

    fn renew(
        &self,
        record: RecordId,
        attempt: AttemptId,
        lease: Duration,
    ) -> StoreFuture<'_, Fence> {
        (**self).renew(record, attempt, lease)
    }

    fn renew_all(&self, renewals: Vec<Renewal>) -> RenewalsFuture<'_> {
        (**self).renew_all(renewals)
    }

    fn publish(
        &self,
        record: RecordId,
        attempt: AttemptId,
        outcome: Outcome,
    ) -> StoreFuture<'_, Fence> {
        (**self).publish(record, attempt, outcome)
    }

    fn complete(
        &self,
        record: RecordId,
        attempt: AttemptId,
        completion: Completion,
    ) -> StoreFuture<'_, Fence> {
        (**self).complete(record, attempt, completion)
    }

    fn complete_now(
        &self,
        record: RecordId,
        attempt: AttemptId,
        completion: &Completion,
    ) -> Option<Fence> {
        (**self).complete_now(record, attempt, completion)
    }

    fn release(&self, record: RecordId, attempt: AttemptId) -> StoreFuture<'_, Fence> {
        (**self).release(record, attempt)
    }

    fn load(&self, record: RecordId) -> StoreFuture<'_, Option<Record>> {
        (**self).load(record)
    }

    fn forget(&self, record: RecordId, seen: AttemptId) -> StoreFuture<'_, Fence> {
        (**self).forget(record, seen)
    }

    fn resolve(
        &self,
        record: RecordId,
        seen: AttemptId,
        attempt: AttemptId,
        resolution: Resolution,
    ) -> StoreFuture<'_, Fence> {
        (**self).resolve(record, seen, attempt, resolution)
    }

    fn list(&self, list: List) -> StoreFuture<'_, Page> {
        (**self).list(list)
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, usize> {
        (**self).sweep(limit)
    }

    fn survives(&self) -> StoreFuture<'_, Survives> {
        (**self).survives()
    }

    fn wrapped(&self) -> Option<&dyn Store> {
        Some((**self).as_store())
    }
}
