//! The stores of this project keep what every store promises.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::MemoryStore;
use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::store::conformance::Harness;
use idempotent_runtime::store::{SqliteStoreOptions, Store, Synchronous};
use idempotent_runtime::store_conformance;
use tempfile::TempDir;

struct Memory {
    clock: ManualClock,
    store: MemoryStore,
}

impl Memory {
    fn new() -> Self {
        let clock = ManualClock::new();
        Self {
            store: MemoryStore::with_clock(Arc::new(clock.clone())),
            clock,
        }
    }
}

impl Harness for Memory {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone())
    }

    fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    fn step_wall(&self, millis: i64) -> bool {
        self.clock.step_wall(millis);
        true
    }
}

/// Every handle is opened anew on one file, with a writer of its own: processes differ by no more than that.
struct Sqlite {
    clock: ManualClock,
    directory: TempDir,
}

impl Sqlite {
    fn new() -> Self {
        Self {
            clock: ManualClock::new(),
            directory: tempfile::tempdir().unwrap(),
        }
    }
}

impl Harness for Sqlite {
    async fn open(&self) -> Arc<dyn Store> {
        let store = SqliteStoreOptions::new(self.directory.path().join("records.db"))
            .clock(Arc::new(self.clock.clone()))
            // No power is lost here.
            .synchronous(Synchronous::Normal)
            .busy_timeout(Duration::from_mins(1))
            .open()
            .await
            .unwrap();
        Arc::new(store)
    }

    fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }
}

store_conformance!(memory, Memory::new());
store_conformance!(sqlite, Sqlite::new());
