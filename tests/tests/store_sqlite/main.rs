//! What the SQLite store promises beyond the contract of all stores.

#![allow(clippy::unwrap_used)]

mod version_1;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use idempotent_runtime::SqliteStore;
use idempotent_runtime::fingerprint::Fingerprint;
use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::outcome::{Disposition, Headers, Outcome};
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{
    Claim, Claimed, Completion, Fence, SqliteStoreError, SqliteStoreOptions, Store, StoreError,
    Takeover,
};
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;

struct File {
    directory: TempDir,
}

impl File {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("records.db")
    }

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(self.path()).await.unwrap()
    }

    async fn connect(&self) -> SqliteConnection {
        let url = format!("sqlite://{}?mode=rwc", self.path().display());
        SqliteConnection::connect(&url).await.unwrap()
    }

    async fn sql(&self, sql: &'static str) {
        let mut connection = self.connect().await;
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

fn claim(record: u8) -> Claim {
    let record = RecordId::from_bytes([record; 32]);
    let fingerprint = Fingerprint::from_bytes([1; 32]);
    let lease = Duration::from_secs(30);
    Claim::new(record, fingerprint, AttemptId::random(), lease).takeover(Takeover::Abandoned)
}

async fn win(store: &SqliteStore, claim: &Claim) {
    let claimed = store.claim(claim.clone()).await.unwrap();
    assert!(matches!(claimed, Claimed::Won { .. }), "{claimed:?}");
}

fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    std::iter::successors(Some(error), |error| (*error).source())
        .map(ToString::to_string)
        .collect()
}

fn assert_cannot_open(error: &SqliteStoreError, path: &Path, cause: &str) {
    let told = format!(
        "the idempotency store at {} could not be opened",
        path.display()
    );
    assert_eq!(chain(error), [told.as_str(), cause]);
}

fn assert_gone(error: &StoreError) {
    assert!(error.is_not_sent());
    assert_eq!(
        chain(error),
        [
            "the idempotency store could not be reached",
            "it was closed, or the runtime on which it was opened has ended"
        ]
    );
}

#[tokio::test]
async fn records_survive_closing_and_opening() {
    let file = File::new();
    let store = file.open().await;
    let (running, completed) = (claim(1), claim(2));
    win(&store, &running).await;
    win(&store, &completed).await;
    let outcome = Outcome::new(201, Headers::default(), "made");
    let completion = Completion::new(Disposition::Completed, Some(outcome), Ttl::hours(1));
    let fence = store.complete(completed.record, completed.attempt, completion);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    let before = [
        store.load(running.record).await.unwrap(),
        store.load(completed.record).await.unwrap(),
    ];
    store.close().await;

    let store = file.open().await;
    let after = [
        store.load(running.record).await.unwrap(),
        store.load(completed.record).await.unwrap(),
    ];
    assert!(before.iter().all(Option::is_some));
    assert_eq!(after, before);
}

#[tokio::test]
async fn records_survive_a_store_that_was_not_closed() {
    let file = File::new();
    let claim = claim(1);
    let store = file.open().await;
    win(&store, &claim).await;
    drop(store);
    let store = file.open().await;
    assert!(store.load(claim.record).await.unwrap().is_some());
}

#[tokio::test]
async fn two_stores_on_one_file_see_the_same_records() {
    let file = File::new();
    let (one, other) = (file.open().await, file.open().await);
    let first = claim(1);
    win(&one, &first).await;
    let second = first.clone().attempt(AttemptId::random());
    let Claimed::Found(found) = other.claim(second).await.unwrap() else {
        panic!("the record was taken")
    };
    assert_eq!(found.attempt, first.attempt);
    let fence = other.release(first.record, first.attempt).await.unwrap();
    assert_eq!(fence, Fence::Held);
    assert_eq!(one.load(first.record).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_file_opened_by_many_at_once_is_migrated_once() {
    for _ in 0..5 {
        let file = File::new();
        let opening: Vec<_> = (0..8)
            .map(|_| tokio::spawn(SqliteStore::open(file.path())))
            .collect();
        for (number, store) in (0..).zip(opening) {
            win(&store.await.unwrap().unwrap(), &claim(number)).await;
        }
        let mut connection = file.connect().await;
        let versions: Vec<i64> = sqlx::query_scalar("SELECT version FROM idempotency_migrations")
            .fetch_all(&mut connection)
            .await
            .unwrap();
        assert_eq!(versions, [1, 2]);
    }
}

#[tokio::test]
async fn an_application_may_keep_its_own_tables_and_migrations_in_the_file() {
    let file = File::new();
    file.sql(
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL);
         INSERT INTO _sqlx_migrations VALUES (20260101000000, 'orders');
         CREATE TABLE orders (id INTEGER PRIMARY KEY);
         PRAGMA user_version = 7;",
    )
    .await;
    win(&file.open().await, &claim(1)).await;
    let mut connection = file.connect().await;
    let theirs: (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM _sqlx_migrations), (SELECT user_version FROM pragma_user_version)",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(theirs, (1, 7));
}

#[tokio::test]
async fn a_file_of_a_later_release_is_refused() {
    let file = File::new();
    file.open().await.close().await;
    file.sql("INSERT INTO idempotency_migrations (version, applied_at) VALUES (3, 0)")
        .await;
    let error = SqliteStore::open(file.path()).await.unwrap_err();
    assert!(error.is_newer_schema());
    assert_cannot_open(
        &error,
        &file.path(),
        "the tables have schema version 3, and this release knows no version after 2",
    );
}

#[tokio::test]
async fn a_directory_that_does_not_exist_is_named() {
    let file = File::new();
    let directory = file.directory.path().join("missing");
    let path = directory.join("records.db");
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert!(!error.is_newer_schema());
    assert_eq!(error.path(), path);
    let cause = format!("there is no directory {}", directory.display());
    assert_cannot_open(&error, &path, &cause);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let file = File::new();
    std::fs::write(
        file.path(),
        "not a database, and long enough to be told".repeat(50),
    )
    .unwrap();
    let error = SqliteStore::open(file.path()).await.unwrap_err();
    assert_cannot_open(&error, &file.path(), "(code: 26) file is not a database");
}

#[tokio::test]
async fn an_empty_path_is_refused() {
    assert!(SqliteStore::open("").await.is_err());
}

#[tokio::test]
async fn a_path_is_no_url() {
    let file = File::new();
    for name in ["a b?mode=memory", "file:records.db", ":memory:", "%41#.db"] {
        let path = file.directory.path().join(name);
        let store = SqliteStore::open(&path).await.unwrap();
        win(&store, &claim(1)).await;
        store.close().await;
        assert!(path.is_file(), "{name}");
    }
}

#[tokio::test]
async fn steps_after_closing_fail() {
    let file = File::new();
    let store = file.open().await;
    let clone = store.clone();
    store.close().await;
    store.close().await;
    for store in [&store, &clone] {
        assert_gone(&store.claim(claim(1)).await.unwrap_err());
        assert_gone(&store.load(claim(1).record).await.unwrap_err());
        assert_gone(&store.sweep(1).await.unwrap_err());
    }
}

#[tokio::test]
async fn closing_writes_the_journal_back() {
    let file = File::new();
    let store = file.open().await;
    win(&store, &claim(1)).await;
    let journal = file.directory.path().join("records.db-wal");
    assert!(journal.exists());
    store.close().await;
    assert!(!journal.exists());
}

#[test]
fn steps_after_the_end_of_the_runtime_fail() {
    let new_runtime = || tokio::runtime::Runtime::new().unwrap();
    let file = File::new();
    let opened_on = new_runtime();
    let store = opened_on.block_on(file.open());
    drop(opened_on);
    new_runtime().block_on(async {
        assert_gone(&store.claim(claim(1)).await.unwrap_err());
        store.close().await;
    });
}

#[test]
fn steps_may_come_from_another_runtime() {
    let new_runtime = || tokio::runtime::Runtime::new().unwrap();
    let file = File::new();
    let opened_on = new_runtime();
    let store = opened_on.block_on(file.open());
    new_runtime().block_on(win(&store, &claim(1)));
}

#[tokio::test]
async fn a_file_that_stays_locked_is_unavailable_and_then_available_again() {
    let file = File::new();
    let store = SqliteStoreOptions::new(file.path())
        .busy_timeout(Duration::ZERO)
        .open()
        .await
        .unwrap();
    let claim = claim(1);
    win(&store, &claim).await;

    let mut other = file.connect().await;
    let transaction = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let error = store
        .renew(claim.record, claim.attempt, claim.lease)
        .await
        .unwrap_err();
    assert!(error.is_not_sent());
    assert_eq!(
        chain(&error),
        [
            "the idempotency store could not be reached",
            "(code: 5) database is locked"
        ]
    );
    // Reading waits for no writer.
    assert!(store.load(claim.record).await.unwrap().is_some());
    transaction.rollback().await.unwrap();

    let fence = store.renew(claim.record, claim.attempt, claim.lease);
    assert_eq!(fence.await.unwrap(), Fence::Held);
}
