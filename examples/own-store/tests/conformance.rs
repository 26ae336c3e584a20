//! The store keeps every promise of the suite.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::store::Store;
use idempotent_runtime::store::conformance::Harness;
use own_store::RedbStore;
use tempfile::TempDir;

/// An empty store in a directory of its own, by a clock that the tests move.
struct Redb {
    clock: ManualClock,
    store: RedbStore,
    _directory: TempDir,
}

impl Redb {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let clock = ManualClock::new();
        let file = directory.path().join("records.redb");
        let store = RedbStore::open(file, Arc::new(clock.clone())).unwrap();
        Self {
            clock,
            store,
            _directory: directory,
        }
    }
}

impl Harness for Redb {
    async fn open(&self) -> Arc<dyn Store> {
        // One process has the file, so that another handle is a clone.
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

idempotent_runtime::store_conformance!(redb, Redb::new());
