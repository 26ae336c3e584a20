//! Records in memory.

mod shard;

use std::collections::BTreeMap;
use std::fmt;
use std::future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::shard::Shard;
use super::transition::{self, Change, Row};
use super::{
    Claim, Claimed, Completion, Cursor, Fence, List, Page, Record, Resolution, Store, StoreError,
    StoreFuture, Survives,
};
use crate::clock::{Clock, Steady, SystemClock, Timestamp};
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Outcome;

/// Enough that tasks rarely meet at a lock, and few enough that an empty store is small.
const SHARDS: usize = 64;

/// The most rows that are removed under one lock.
const SWEEP_AT_ONCE: usize = 128;

/// A store that keeps its records in this process's memory.
///
/// For tests, and for work that needn't outlive the process. It survives nothing: when the process ends, every record
/// is gone, and a retry runs again. Other processes don't see the records.
///
/// Clones share the records. Steps never wait and never fail: each is finished when its future is first polled.
///
/// Only [`sweep`](Store::sweep) frees memory; the passing of time alone doesn't.
///
/// ```
/// use std::time::Duration;
/// use idempotent_runtime::MemoryStore;
/// use idempotent_runtime::fingerprint::Fingerprint;
/// use idempotent_runtime::identity::{AttemptId, RecordId};
/// use idempotent_runtime::store::{Claim, Claimed, Store};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// let record = RecordId::from_bytes([1; 32]);
/// let fingerprint = Fingerprint::from_bytes([2; 32]);
/// let claim = Claim::new(record, fingerprint, AttemptId::random(), Duration::from_secs(30));
/// assert!(matches!(store.claim(claim.clone()).await?, Claimed::Won { .. }));
///
/// let another = claim.attempt(AttemptId::random());
/// assert!(matches!(store.claim(another).await?, Claimed::Found(_)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Steady,
    shards: [Mutex<Shard>; SHARDS],
    /// The shard at which the next sweep begins, so that small limits reach all of them in turn.
    next_sweep: AtomicUsize,
}

impl MemoryStore {
    /// An empty store on the operating system's clock.
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }

    /// An empty store that judges leases and expiry by this clock. It reads the wall clock once; from then on its time
    /// advances with [`monotonic`](Clock::monotonic), so a step of the wall clock ends no lease.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self {
            shared: Arc::new(Shared {
                clock: Steady::new(clock),
                shards: std::array::from_fn(|_| Mutex::default()),
                next_sweep: AtomicUsize::new(0),
            }),
        }
    }

    /// Decides one step under the lock of the record's shard.
    fn step_now<A>(
        &self,
        record: RecordId,
        decide: impl FnOnce(Option<&Row>, Timestamp) -> (Change, A),
    ) -> A {
        // The map looks at the first bytes, so the last ones spread the records over the shards.
        let shard = usize::from(record.as_bytes()[31]) % SHARDS;
        self.lock(shard)
            .step(record, || self.shared.clock.now(), decide)
    }

    /// The same once it is polled.
    fn step<'a, A: Send + 'a>(
        &'a self,
        record: RecordId,
        decide: impl FnOnce(Option<&Row>, Timestamp) -> (Change, A) + Send + 'a,
    ) -> StoreFuture<'a, A> {
        Box::pin(async move { Ok(self.step_now(record, decide)) })
    }

    /// Looks at every row. A listing is rare, while keeping all ids in order would cost every claim.
    fn page(&self, list: &List) -> Result<Page, StoreError> {
        let after = list.after_record()?;
        let limit = list.limit.clamp(1, List::LARGEST_PAGE);
        let now = self.shared.clock.now();
        let mut found = BTreeMap::new();
        for shard in 0..SHARDS {
            for (record, row) in &self.lock(shard).rows {
                if after.is_some_and(|after| *record <= after) {
                    continue;
                }
                if let Some(listed) = transition::listed(*record, row, list, now) {
                    found.insert(*record, listed);
                    if found.len() > limit {
                        found.pop_last();
                    }
                }
            }
        }
        let last = found.last_key_value().map(|(record, _)| *record);
        let next = last.filter(|_| found.len() == limit);
        Ok(Page {
            records: found.into_values().collect(),
            next: next.map(Cursor::behind),
        })
    }

    fn lock(&self, shard: usize) -> MutexGuard<'_, Shard> {
        // A row is replaced as a whole, so a panic elsewhere leaves none half written.
        self.shared.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("clock", &self.shared.clock)
            .finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        self.step(claim.record, move |row, now| {
            transition::claim(row, &claim, now)
        })
    }

    fn claim_now(&self, claim: &Claim) -> Option<Claimed> {
        Some(self.step_now(claim.record, |row, now| transition::claim(row, claim, now)))
    }

    fn withdraw(&self, claim: Claim) -> StoreFuture<'_, Fence> {
        self.step(claim.record, move |row, now| {
            transition::withdraw(row, &claim, now)
        })
    }

    fn renew(
        &self,
        record: RecordId,
        attempt: AttemptId,
        lease: Duration,
    ) -> StoreFuture<'_, Fence> {
        self.step(record, move |row, now| {
            transition::renew(row, attempt, lease, now)
        })
    }

    fn publish(
        &self,
        record: RecordId,
        attempt: AttemptId,
        outcome: Outcome,
    ) -> StoreFuture<'_, Fence> {
        self.step(record, move |row, _| {
            transition::publish(row, attempt, outcome)
        })
    }

    fn complete(
        &self,
        record: RecordId,
        attempt: AttemptId,
        completion: Completion,
    ) -> StoreFuture<'_, Fence> {
        self.step(record, move |row, now| {
            transition::complete(row, attempt, completion, now)
        })
    }

    fn complete_now(
        &self,
        record: RecordId,
        attempt: AttemptId,
        completion: &Completion,
    ) -> Option<Fence> {
        Some(self.step_now(record, |row, now| {
            transition::complete(row, attempt, completion.clone(), now)
        }))
    }

    fn release(&self, record: RecordId, attempt: AttemptId) -> StoreFuture<'_, Fence> {
        self.step(record, move |row, now| {
            transition::release(row, attempt, now)
        })
    }

    fn load(&self, record: RecordId) -> StoreFuture<'_, Option<Record>> {
        self.step(record, move |row, now| {
            (Change::Keep, transition::load(row, now))
        })
    }

    fn forget(&self, record: RecordId, seen: AttemptId) -> StoreFuture<'_, Fence> {
        self.step(record, move |row, _| transition::forget(row, seen))
    }

    fn resolve(
        &self,
        record: RecordId,
        seen: AttemptId,
        attempt: AttemptId,
        resolution: Resolution,
    ) -> StoreFuture<'_, Fence> {
        self.step(record, move |row, now| {
            transition::resolve(row, seen, attempt, resolution, now)
        })
    }

    fn list(&self, list: List) -> StoreFuture<'_, Page> {
        Box::pin(async move { self.page(&list) })
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, usize> {
        Box::pin(async move {
            let first = self.shared.next_sweep.fetch_add(1, Ordering::Relaxed);
            let now = self.shared.clock.now();
            let mut swept = 0;
            for shard in (0..SHARDS).map(|offset| first.wrapping_add(offset) % SHARDS) {
                loop {
                    let at_once = SWEEP_AT_ONCE.min(limit - swept);
                    // The lock is released after each of these, so claims get in between.
                    let removed = self.lock(shard).sweep(at_once, now);
                    swept += removed;
                    if removed < at_once || at_once == 0 {
                        break;
                    }
                }
            }
            Ok(swept)
        })
    }

    fn survives(&self) -> StoreFuture<'_, Survives> {
        Box::pin(future::ready(Ok(Survives::nothing(
            "records in memory end with their process: take another store",
        ))))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::fingerprint::Fingerprint;
    use crate::outcome::Disposition;
    use crate::policy::Ttl;
    use crate::store::transition::RELEASED_STAYS;

    const ATTEMPT: AttemptId = AttemptId::from_bytes([1; 16]);

    fn claim(record: RecordId) -> Claim {
        let fingerprint = Fingerprint::from_bytes([2; 32]);
        Claim::new(record, fingerprint, ATTEMPT, Duration::from_secs(30))
    }

    fn completion(ttl: Ttl) -> Completion {
        Completion::new(Disposition::Completed, None, ttl)
    }

    fn shard(store: &MemoryStore) -> MutexGuard<'_, Shard> {
        store.lock(0)
    }

    #[tokio::test]
    async fn only_rows_that_expire_are_in_the_index() {
        let store = MemoryStore::with_clock(Arc::new(ManualClock::new()));
        let record = RecordId::from_bytes([0; 32]);

        let _ = store.claim(claim(record)).await.unwrap();
        assert!(shard(&store).removable.is_empty());

        let _ = store.release(record, ATTEMPT).await.unwrap();
        assert_eq!(shard(&store).removable.len(), 1);

        let again = claim(record).attempt(AttemptId::from_bytes([2; 16]));
        let _ = store.claim(again.clone()).await.unwrap();
        assert!(shard(&store).removable.is_empty());

        let _ = store
            .complete(record, again.attempt, completion(Ttl::hours(1)))
            .await
            .unwrap();
        assert_eq!(shard(&store).removable.len(), 1);

        let _ = store.forget(record, again.attempt).await.unwrap();
        assert!(shard(&store).removable.is_empty());
        assert!(shard(&store).rows.is_empty());

        let _ = store.claim(claim(record)).await.unwrap();
        let _ = store
            .complete(record, ATTEMPT, completion(Ttl::Forever))
            .await
            .unwrap();
        assert!(shard(&store).removable.is_empty());
    }

    #[tokio::test]
    async fn a_sweep_takes_its_limit_from_several_shards_and_more_than_one_lock_each() {
        let clock = ManualClock::new();
        let store = MemoryStore::with_clock(Arc::new(clock.clone()));
        for number in 0..2 * SWEEP_AT_ONCE + 2 {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            bytes[31] = u8::from(number % 8 == 0);
            let record = RecordId::from_bytes(bytes);
            let _ = store.claim(claim(record)).await.unwrap();
            let _ = store.release(record, ATTEMPT).await.unwrap();
        }
        clock.advance(RELEASED_STAYS);
        assert_eq!(store.sweep(SWEEP_AT_ONCE + 1).await.unwrap(), 129);
        assert_eq!(store.sweep(usize::MAX).await.unwrap(), 129);
        assert_eq!(store.sweep(usize::MAX).await.unwrap(), 0);
    }
}
