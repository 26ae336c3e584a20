//! The store and its writer, step by step.

mod batches;
mod lanes;
mod lifetime;
mod listings;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::poll;
use sqlx::{Connection as _, Row as _, SqliteConnection};
use tempfile::TempDir;

use super::lanes::BATCH;
use super::options::{SqliteStoreOptions, Synchronous};
use super::pages::Start;
use super::rows;
use super::step::Message;
use super::store::{LARGEST_OUTCOME, SqliteStore, check_size};
use super::writer::Writer;
use crate::clock::ManualClock;
use crate::fingerprint::Fingerprint;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Outcome;
use crate::outcome::{Disposition, Headers};
use crate::policy::Ttl;
use crate::store::transition::RELEASED_STAYS;
use crate::store::{
    Claim, Claimed, Completion, Fence, Label, List, Store, StoreFuture, Takeover, Which,
};

const LEASE: Duration = Duration::from_secs(30);

struct Bench {
    directory: TempDir,
    clock: ManualClock,
}

impl Bench {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            clock: ManualClock::new(),
        }
    }

    fn options(&self) -> SqliteStoreOptions {
        SqliteStoreOptions::new(self.directory.path().join("records.db"))
            .clock(Arc::new(self.clock.clone()))
    }

    /// A store whose writer hasn't started, so a test can queue steps first.
    async fn start(&self) -> (SqliteStore, Writer) {
        SqliteStore::start(self.options()).await.unwrap()
    }

    /// Another connection to the file.
    async fn sql(&self, sql: &'static str) {
        let path = self.directory.path().join("records.db");
        let url = format!("sqlite://{}", path.display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

fn claim(record: u8) -> Claim {
    let fingerprint = Fingerprint::from_bytes([1; 32]);
    let attempt = AttemptId::from_bytes([record; 16]);
    Claim::new(
        RecordId::from_bytes([record; 32]),
        fingerprint,
        attempt,
        LEASE,
    )
    .takeover(Takeover::Abandoned)
}

fn completion() -> Completion {
    let outcome = Outcome::new(200, Headers::default(), "body");
    Completion::new(Disposition::Completed, Some(outcome), Ttl::hours(1))
}

/// Counts the transactions that the writer commits.
async fn count_commits(writer: &mut Writer) -> Arc<AtomicUsize> {
    let commits = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&commits);
    let connection = writer.connection.as_mut().unwrap();
    let mut handle = connection.lock_handle().await.unwrap();
    handle.set_commit_hook(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        true
    });
    commits
}

/// Puts the step into the queue.
async fn queue<T>(step: &mut StoreFuture<'_, T>) {
    // tokio makes a task wait that polls many futures in a row. Here only the store should.
    tokio::task::yield_now().await;
    assert!(poll!(step.as_mut()).is_pending());
}
