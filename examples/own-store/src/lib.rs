//! A store of your own: records in a redb file. redb is an embedded key-value database.
//!
//! A step is one write transaction, which makes it atomic. The runtime decides what the step does to the row.
#![cfg_attr(doctest, doc = include_str!("../../../docs/own-store.md"))]

use std::error::Error;
use std::ops::Bound::{Excluded, Unbounded};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::clock::{Clock, Timestamp};
use idempotent_runtime::identity::RecordId;
use idempotent_runtime::store::transition::{Change, Row};
use idempotent_runtime::store::{Durability, RowStore, StoreError, Survives};
use redb::{Database, DatabaseError, ReadableTable as _, TableDefinition};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

/// Rows by their records, as postcard writes them.
const ROWS: TableDefinition<[u8; 32], &[u8]> = TableDefinition::new("rows");
/// The rows that may be swept, by the millisecond from which they may.
const FREE: TableDefinition<(i64, [u8; 32]), ()> = TableDefinition::new("free");
/// The most rows that one transaction of a sweep removes.
const SWEEP_AT_ONCE: usize = 128;

/// Keeps records in one file, which one process at a time has open. Clones share it.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use idempotent_runtime::{Idempotency, clock::SystemClock};
/// let store = own_store::RedbStore::open("idempotency.redb", Arc::new(SystemClock))?;
/// let idempotency = Idempotency::new(store);
/// # drop(idempotency);
/// # Ok::<(), redb::DatabaseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RedbStore(Arc<Mutex<File>>);

#[derive(Debug)]
struct File {
    database: Database,
    clock: Arc<dyn Clock>,
    /// The wall clock's time at this monotonic time.
    opened: (Timestamp, Duration),
}

impl File {
    /// Advances steadily since the file was opened: whoever sets the wall clock ends no lease.
    fn now(&self) -> Timestamp {
        let (wall, monotonic) = self.opened;
        wall.saturating_add(self.clock.monotonic().saturating_sub(monotonic))
    }
}

impl RedbStore {
    /// Opens the file, or makes it. Leases and expiry are judged by this clock.
    ///
    /// # Errors
    ///
    /// If the file can't be opened, isn't a redb database, or is open already.
    pub fn open(path: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self, DatabaseError> {
        let file = File {
            database: Database::create(path)?,
            opened: (clock.now(), clock.monotonic()),
            clock,
        };
        Ok(Self(Arc::new(Mutex::new(file))))
    }

    /// Works with the file, alone, on a thread that may block.
    ///
    /// A step whose future is dropped while it waits for the lock never begins. One that has begun ends by itself, whether
    /// or not anybody waits for it: the lock moves into the work.
    async fn alone<A: Send + 'static>(
        &self,
        work: impl FnOnce(&File) -> Result<A, Failure> + Send + 'static,
    ) -> Result<A, StoreError> {
        let file = Arc::clone(&self.0).lock_owned().await;
        let worked = spawn_blocking(move || work(&file)).await;
        worked
            .unwrap_or_else(|panicked| Err(panicked.into()))
            .map_err(to_store_error)
    }
}

impl RowStore for RedbStore {
    async fn step<A: Send + 'static>(
        &self,
        record: RecordId,
        decide: impl Fn(Option<&Row>, Timestamp) -> (Change, A) + Send + Sync + 'static,
    ) -> Result<A, StoreError> {
        let record = *record.as_bytes();
        let step = move |file: &File| {
            let transaction = file.database.begin_write()?;
            let mut rows = transaction.open_table(ROWS)?;
            let mut free = transaction.open_table(FREE)?;
            let bytes = rows.get(record)?.map(|bytes| bytes.value().to_vec());
            let row: Option<Row> = bytes.map(|it| postcard::from_bytes(&it)).transpose()?;
            // Read now that nobody else changes the row, so that times are in the order of the steps.
            let now = file.now();
            let (change, answer) = decide(row.as_ref(), now);
            if change == Change::Keep {
                return Ok(answer);
            }
            if let Some(at) = row.and_then(|row| row.removable_from()) {
                free.remove((at.as_millis(), record))?;
            }
            rows.remove(record)?;
            if let Change::Put(row) = change {
                rows.insert(record, &*postcard::to_stdvec(&row)?)?;
                if let Some(at) = row.removable_from() {
                    free.insert((at.as_millis(), record), ())?;
                }
            }
            drop((rows, free));
            transaction.commit()?;
            Ok(answer)
        };
        self.alone(step).await
    }

    async fn scan(
        &self,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<(Vec<(RecordId, Row)>, Timestamp), StoreError> {
        let from = after.map_or(Unbounded, |record| Excluded(*record.as_bytes()));
        let scan = move |file: &File| {
            let mut found = Vec::new();
            let transaction = file.database.begin_write()?;
            let rows = transaction.open_table(ROWS)?;
            for row in rows.range((from, Unbounded))?.take(limit) {
                let (record, bytes) = row?;
                let row = postcard::from_bytes(bytes.value())?;
                found.push((RecordId::from_bytes(record.value()), row));
            }
            Ok((found, file.now()))
        };
        self.alone(scan).await
    }

    async fn sweep(&self, limit: usize) -> Result<usize, StoreError> {
        let mut swept = 0;
        loop {
            let at_once = SWEEP_AT_ONCE.min(limit - swept);
            let batch = move |file: &File| {
                let transaction = file.database.begin_write()?;
                let mut rows = transaction.open_table(ROWS)?;
                let mut free = transaction.open_table(FREE)?;
                let until = (file.now().as_millis(), [0xff; 32]);
                let mut removed = 0;
                for row in free.extract_from_if(..=until, |_, ()| true)?.take(at_once) {
                    rows.remove(row?.0.value().1)?;
                    removed += 1;
                }
                drop((rows, free));
                transaction.commit()?;
                Ok(removed)
            };
            // The file is let go after each batch, so that claims get in between.
            let removed = self.alone(batch).await?;
            swept += removed;
            if removed < SWEEP_AT_ONCE {
                return Ok(swept);
            }
        }
    }

    async fn survives(&self) -> Result<Survives, StoreError> {
        let because = "the records are in one file on one machine";
        Ok(Survives::up_to(Durability::Power, because))
    }
}

type Failure = Box<dyn Error + Send + Sync>;

/// A row that can't be read stays so. Of anything else nobody knows whether it was written.
fn to_store_error(failure: Failure) -> StoreError {
    if failure.is::<postcard::Error>() {
        return StoreError::corrupt(failure);
    }
    StoreError::unknown(failure)
}
