//! A store made of a few functions.

use std::any::Any;
use std::fmt;
use std::time::Duration;

use super::transition::{self, Change, Row};
use super::{
    Claim, Claimed, Completion, Cursor, Fence, List, Page, Record, Resolution, Store, StoreError,
    StoreFuture, Survives,
};
use crate::clock::Timestamp;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Outcome;

/// The short way to a [`Store`], for one that keeps [`Row`]s and can read, decide and write a row atomically.
///
/// Every type that implements it is a [`Store`], whose steps decide with the functions of [`transition`]. What
/// [`Store`] says about steps holds for [`step`](Self::step) too. `docs/own-store.md` in the project's repository
/// explains it, and `examples/own-store` is a whole store.
///
/// ```
/// use std::collections::BTreeMap;
/// use std::ops::Bound;
/// use std::sync::Mutex;
///
/// use idempotent_runtime::Idempotency;
/// use idempotent_runtime::clock::{Clock, SystemClock, Timestamp};
/// use idempotent_runtime::identity::RecordId;
/// use idempotent_runtime::store::transition::{Change, Row};
/// use idempotent_runtime::store::{RowStore, StoreError};
///
/// #[derive(Debug, Default)]
/// struct MapStore(Mutex<BTreeMap<RecordId, Row>>);
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
///     async fn scan(
///         &self,
///         after: Option<RecordId>,
///         limit: usize,
///     ) -> Result<(Vec<(RecordId, Row)>, Timestamp), StoreError> {
///         let rows = self.0.lock().unwrap();
///         let from = after.map_or(Bound::Unbounded, Bound::Excluded);
///         let page = rows.range((from, Bound::Unbounded)).take(limit);
///         Ok((page.map(|(record, row)| (*record, row.clone())).collect(), SystemClock.now()))
///     }
///
///     async fn sweep(&self, limit: usize) -> Result<usize, StoreError> {
///         let now = SystemClock.now();
///         let mut rows = self.0.lock().unwrap();
///         let free = rows.iter().filter(|(_, row)| row.is_removable(now)).map(|(record, _)| *record);
///         let free: Vec<_> = free.take(limit).collect();
///         for record in &free {
///             rows.remove(record);
///         }
///         Ok(free.len())
///     }
/// }
///
/// let idempotency = Idempotency::new(MapStore::default());
/// ```
pub trait RowStore: Any + fmt::Debug + Send + Sync {
    /// Reads the row of a record, asks `decide` what to do with it, and does that, as one atomic step.
    ///
    /// `decide` gets the row, or `None` if there is none, and the time of the store's clock. Read the clock once
    /// nobody else can change the row. `decide` has no side effects, so a store may call it again: a store that writes
    /// only if the row is still the one it read, reads and decides again if it isn't. Only the last call counts.
    ///
    /// # Errors
    ///
    /// Those of [`Store`].
    fn step<A: Send + 'static>(
        &self,
        record: RecordId,
        decide: impl Fn(Option<&Row>, Timestamp) -> (Change, A) + Send + Sync + 'static,
    ) -> impl Future<Output = Result<A, StoreError>> + Send;

    /// Reads at most `limit` rows after this record, in the order of their ids, and the time of the store's clock. If
    /// there are fewer rows than `limit`, they are the last ones.
    ///
    /// # Errors
    ///
    /// Those of [`Store`].
    fn scan(
        &self,
        after: Option<RecordId>,
        limit: usize,
    ) -> impl Future<Output = Result<(Vec<(RecordId, Row)>, Timestamp), StoreError>> + Send;

    /// What [`Store::sweep`] does: removes at most `limit` rows that [may go](Row::is_removable).
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

    fn withdraw(&self, claim: Claim) -> StoreFuture<'_, Fence> {
        let record = claim.record;
        let decide = move |row: Option<&Row>, now| transition::withdraw(row, &claim, now);
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
        let decide = move |row: Option<&Row>, now| transition::release(row, attempt, now);
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

    fn list(&self, list: List) -> StoreFuture<'_, Page> {
        Box::pin(page(self, list))
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, usize> {
        Box::pin(RowStore::sweep(self, limit))
    }

    fn survives(&self) -> StoreFuture<'_, Survives> {
        Box::pin(RowStore::survives(self))
    }
}

/// A page looks at as many rows as it may hold.
async fn page<T: RowStore>(store: &T, list: List) -> Result<Page, StoreError> {
    let after = list.after_record()?;
    let limit = list.limit.clamp(1, List::LARGEST_PAGE);
    let (rows, now) = store.scan(after, limit).await?;
    let last = rows.last().filter(|_| rows.len() >= limit);
    let next = last.map(|(record, _)| Cursor::behind(*record));
    let records = rows
        .iter()
        .filter_map(|(record, row)| transition::listed(*record, row, &list, now))
        .collect();
    Ok(Page { records, next })
}
