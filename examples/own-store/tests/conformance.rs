//! The store keeps every promise of the suite, and the two that no suite can check for it.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::Disposition;
use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::fingerprint::Fingerprint;
use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::outcome::{Headers, Outcome};
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::conformance::Harness;
use idempotent_runtime::store::{Claim, Claimed, Completion, Fence, State, Store, Takeover};
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
}

idempotent_runtime::store_conformance!(redb, Redb::new());

fn open_again(directory: &TempDir) -> RedbStore {
    let file = directory.path().join("records.redb");
    RedbStore::open(file, Arc::new(ManualClock::new())).unwrap()
}

#[tokio::test]
async fn records_are_there_when_the_file_is_opened_again() {
    let directory = TempDir::new().unwrap();
    let claim = Claim {
        record: RecordId::from_bytes([1; 32]),
        fingerprint: Fingerprint::from_bytes([2; 32]),
        attempt: AttemptId::random(),
        lease: Duration::from_secs(30),
        takeover: Takeover::Never,
    };
    let store = open_again(&directory);
    let claimed = store.claim(claim.clone()).await.unwrap();
    assert!(matches!(claimed, Claimed::Won { .. }), "{claimed:?}");
    drop(store);

    let store = open_again(&directory);
    let outcome = Some(Outcome::new(201, Headers::default(), "made"));
    let completion = Completion {
        disposition: Disposition::Completed,
        outcome: outcome.clone(),
        ttl: Ttl::Forever,
    };
    let fence = store.complete(claim.record, claim.attempt, completion);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    drop(store);

    let record = open_again(&directory).load(claim.record).await.unwrap();
    let expected = State::Done {
        disposition: Disposition::Completed,
        outcome,
    };
    assert_eq!(record.unwrap().state, expected);
}

/// A store is short where the runtime decides for it.
#[test]
fn the_store_is_a_file_of_fewer_than_150_lines() {
    assert!(include_str!("../src/lib.rs").lines().count() < 150);
}
