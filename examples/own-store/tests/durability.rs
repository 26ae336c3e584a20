//! What the suite cannot check.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::Disposition;
use idempotent_runtime::clock::SystemClock;
use idempotent_runtime::fingerprint::Fingerprint;
use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::outcome::{Headers, Outcome};
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{Claim, Claimed, Completion, Durability, Fence, State, Store};
use own_store::RedbStore;
use tempfile::TempDir;

fn open(directory: &TempDir) -> RedbStore {
    let file = directory.path().join("records.redb");
    RedbStore::open(file, Arc::new(SystemClock)).unwrap()
}

#[tokio::test]
async fn records_are_there_when_the_file_is_opened_again() {
    let directory = TempDir::new().unwrap();
    let record = RecordId::from_bytes([1; 32]);
    let fingerprint = Fingerprint::from_bytes([2; 32]);
    let lease = Duration::from_secs(30);
    let claim = Claim::new(record, fingerprint, AttemptId::random(), lease);
    let store = open(&directory);
    let claimed = store.claim(claim.clone()).await.unwrap();
    assert!(matches!(claimed, Claimed::Won(_)), "{claimed:?}");
    drop(store);

    let store = open(&directory);
    let outcome = Some(Outcome::new(201, Headers::default(), "made"));
    let completion = Completion::new(Disposition::Completed, outcome.clone(), Ttl::Forever);
    let fence = store.complete(claim.record, claim.attempt, completion);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    drop(store);

    let record = open(&directory).load(claim.record).await.unwrap();
    let expected = State::Done {
        disposition: Disposition::Completed,
        outcome,
    };
    assert_eq!(record.unwrap().state, expected);
}

#[tokio::test]
async fn it_says_what_it_survives() {
    let directory = TempDir::new().unwrap();
    let survives = Store::survives(&open(&directory)).await.unwrap();
    assert_eq!(survives.most(), Some(Durability::Power));
}
