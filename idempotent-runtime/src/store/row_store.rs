//! A store made of one function.

use std::fmt;
use std::time::Duration;

use super::transition::{self, Change, Row};
use super::{
    Claim, Claimed, Completion, Fence, Record, Resolution, Store, StoreError, StoreFuture, Survives,
};
use crate::clock::Timestamp;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Outcome;

/// The short way to a [`Store`]: for one that keeps [`Row`]s, and can read one, decide and write it atomically.
///
/// Whatever implements it is a [`Store`]; the steps decide by the functions of [`transition`]. All that the trait
/// [`Store`] promises about steps holds for [`step`](Self::step) too: above all, what becomes of it when its future is
/// dropped. `docs/own-store.md` in the project's repository goes through it, with a whole store in `examples/own-store`.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
///
/// use idempotent_runtime::Idempotency;
/// use idempotent_runtime::clock::{Clock, SystemClock, Timestamp};
/// use idempotent_runtime::identity::RecordId;
/// use idempotent_runtime::store::transition::{Change, Row};
/// use idempotent_runtime::store::{RowStore, StoreError};
///
/// #[derive(Debug, Default)]
/// struct MapStore(Mutex<HashMap<RecordId, Row>>);
///
/// impl RowStore for MapStore {
///     async fn step<A: Send + 'static>(
///         &self,
///         record: RecordId,
///         decide: impl Fn(Option<&Row>, Timestamp) -> (Change, A) + Send + Sync + 'static,
///     ) -> Result<A, StoreError> {
///         let mut rows = self.0.lock().unwrap();
///         let (change, answer) = decide(rows.get(&record), SystemClock.now());
///         match change {
///             Change::Keep => {}
///             Change::Put(row) => drop(rows.insert(record, row)),
///             Change::Remove => drop(rows.remove(&record)),
///         }
///         Ok(answer)
///     }
///
///     async fn sweep(&self, limit: usize) -> Result<usize, StoreError> {
///         let now = SystemClock.now();
///         let mut rows = self.0.lock().unwrap();
///         Ok(rows.extract_if(|_, row| row.is_free(now)).take(limit).count())
///     }
/// }
///
/// let idempotency = Idempotency::new(MapStore::default());
/// ```
pub trait RowStore: fmt::Debug + Send + Sync + 'static {
    /// Reads the row of a record, asks `decide` what to do with it, and does that, all as one atomic step.
    ///
    /// `decide` is given the row, `None` where there is none, and the time of the store's clock, read once nobody else
    /// can change the row. It has no effects, so a store may call it again: one that writes on the condition that the row
    /// is still the one it read, reads and decides again where it is not. What counts is the last call.
    ///
    /// # Errors
    ///
    /// Those of [`Store`].
    fn step<A: Send + 'static>(
        &self,
        record: RecordId,
        decide: impl Fn(Option<&Row>, Timestamp) -> (Change, A) + Send + Sync + 'static,
    ) -> impl Future<Output = Result<A, StoreError>> + Send;

    /// What [`Store::sweep`] does: removes at most `limit` rows that are [free](Row::is_free).
    ///
    /// # Errors
    ///
    /// Those of [`Store`].
    fn sweep(&self, limit: usize) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// What [`Store::survives`] says.
    ///
    /// # Errors
    ///
    /// Those of [`Store`].
    fn survives(&self) -> impl Future<Output = Result<Survives, StoreError>> + Send {
        std::future::ready(Ok(Survives::not_said()))
    }
}

impl<T: RowStore> Store for T {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        let record = claim.record;
        let decide = move |row: Option<&Row>, now| transition::claim(row, &claim, now);
        Box::pin(self.step(record, decide))
    }

    fn renew(
        &self,
        record: RecordId,
        attempt: AttemptId,
        lease: Duration,
    ) -> StoreFuture<'_, Fence> {
        let decide = move |row: Option<&Row>, now| transition::renew(row, attempt, lease, now);
        Box::pin(self.step(record, decide))
    }

    fn publish(
        &self,
        record: RecordId,
        attempt: AttemptId,
        outcome: Outcome,
    ) -> StoreFuture<'_, Fence> {
        let decide = move |row: Option<&Row>, _| transition::publish(row, attempt, outcome.clone());
        Box::pin(self.step(record, decide))
    }

    fn complete(
        &self,
        record: RecordId,
        attempt: AttemptId,
        completion: Completion,
    ) -> StoreFuture<'_, Fence> {
        let decide = move |row: Option<&Row>, now| {
            transition::complete(row, attempt, completion.clone(), now)
        };
        Box::pin(self.step(record, decide))
    }

    fn release(&self, record: RecordId, attempt: AttemptId) -> StoreFuture<'_, Fence> {
        let decide = move |row: Option<&Row>, _| transition::release(row, attempt);
        Box::pin(self.step(record, decide))
    }

    fn load(&self, record: RecordId) -> StoreFuture<'_, Option<Record>> {
        let decide = |row: Option<&Row>, now| (Change::Keep, transition::load(row, now));
        Box::pin(self.step(record, decide))
    }

    fn forget(&self, record: RecordId, seen: AttemptId) -> StoreFuture<'_, Fence> {
        let decide = move |row: Option<&Row>, _| transition::forget(row, seen);
        Box::pin(self.step(record, decide))
    }

    fn resolve(
        &self,
        record: RecordId,
        seen: AttemptId,
        attempt: AttemptId,
        resolution: Resolution,
    ) -> StoreFuture<'_, Fence> {
        let decide = move |row: Option<&Row>, now| {
            transition::resolve(row, seen, attempt, resolution.clone(), now)
        };
        Box::pin(self.step(record, decide))
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, usize> {
        Box::pin(RowStore::sweep(self, limit))
    }

    fn survives(&self) -> StoreFuture<'_, Survives> {
        Box::pin(RowStore::survives(self))
    }
}
