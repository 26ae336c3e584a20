//! The store itself: what it sends to its writer.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::connection;
use super::error::{SqliteStoreError, TooLarge, WriterGone};
use super::lanes::{Sender, lanes};
use super::options::{SqliteStoreOptions, Synchronous};
use super::pages::Start;
use super::step::{Access, Listing, Message, Pending, Sweep};
use super::texts::Texts;
use super::writer::Writer;
use crate::clock::{Steady, Timestamp};
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Outcome;
use crate::store::sql::lane::Lane;
use crate::store::transition::{self, Change, Row};
use crate::store::{
    Claim, Claimed, Completion, Durability, Fence, List, Page, Record, Resolution, Store,
    StoreError, StoreFuture, Survives,
};

/// The most rows that one transaction sweeps: so few that claims wait no longer than for a batch of steps.
const SWEEP_AT_ONCE: usize = 500;

/// SQLite keeps a billion bytes in a row, and the rest of the row needs little.
pub(super) const LARGEST_OUTCOME: usize = 999_000_000;

/// A store that keeps its records in a SQLite file. It is the default for an application on one machine.
///
/// With [`Synchronous::Full`], the default, an acknowledged step survives the end of the process and a loss of power, if
/// the file is on a local disk that doesn't lie about what it has written. It doesn't survive the loss of the disk. With
/// [`Synchronous::Normal`] it survives the end of the process only.
///
/// Clones share one writer, which commits all waiting steps in one transaction. Renewals and completions don't wait behind
/// a long queue of claims. Several processes on one machine may open the same file, and each judges by its own clock. The
/// store reads the wall clock when it opens the file. From then on its time advances steadily, so a step of the wall clock
/// ends no lease.
///
/// The file may also hold the application's own tables. The store's tables are `idempotency_records` and
/// `idempotency_migrations`, and it migrates them itself. Network file systems aren't supported.
///
/// The file contains response bodies. SQLite creates it, and `-wal` and `-shm` beside it, with the permissions that the
/// process's umask allows: put it in a directory that nobody else can read.
///
/// # The runtime
///
/// The writer runs as a task on the tokio runtime on which the store was opened. Steps may be sent from any other runtime.
/// Once the writer's runtime has ended, all later steps fail as [not sent](StoreError::is_not_sent), as they do after
/// [`close`](Self::close). When the last clone is dropped, the writer finishes what was queued and then ends by itself.
///
/// # Cancellation
///
/// If the future of a step is dropped before the step was queued, nothing happens. After that, the step is carried out as
/// if somebody were still waiting for it. Nobody else notices either way. A sweep ends after its current transaction.
///
/// # Errors
///
/// If a transaction fails, all steps in it fail with the same cause, and the next one starts on a new connection. They fail
/// as [not sent](StoreError::is_not_sent) if the transaction had not reached its commit, and as
/// [unknown](StoreError::is_unknown) otherwise. A row that can't be read only fails the steps on its own record, as
/// [corrupt](StoreError::is_corrupt). An outcome of more than 999 million bytes is
/// [too large](StoreError::is_too_large).
///
/// ```
/// use std::time::Duration;
/// use idempotent_runtime::SqliteStore;
/// use idempotent_runtime::fingerprint::Fingerprint;
/// use idempotent_runtime::identity::{AttemptId, RecordId};
/// use idempotent_runtime::store::{Claim, Claimed, Store};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("idempotency.db");
/// let store = SqliteStore::open(&path).await?;
/// let record = RecordId::from_bytes([1; 32]);
/// let fingerprint = Fingerprint::from_bytes([2; 32]);
/// let claim = Claim::new(record, fingerprint, AttemptId::random(), Duration::from_secs(30));
/// assert!(matches!(store.claim(claim.clone()).await?, Claimed::Won { .. }));
/// store.close().await;
///
/// let store = SqliteStore::open(&path).await?;
/// let another = claim.attempt(AttemptId::random());
/// assert!(matches!(store.claim(another).await?, Claimed::Found(_)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    queue: Sender,
    path: Arc<PathBuf>,
    synchronous: Synchronous,
}

impl SqliteStore {
    /// Opens the file at this path with the default [options](SqliteStoreOptions). Creates the file if it doesn't
    /// exist, and brings its tables up to date.
    ///
    /// # Errors
    ///
    /// Those of [`SqliteStoreOptions::open`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, SqliteStoreError> {
        SqliteStoreOptions::new(path.as_ref()).open().await
    }

    async fn with_options(options: SqliteStoreOptions) -> Result<Self, SqliteStoreError> {
        let (queue, writer) = Self::start(options).await?;
        // `start` fails outside a runtime.
        tokio::spawn(writer.run());
        Ok(queue)
    }

    pub(super) async fn start(
        options: SqliteStoreOptions,
    ) -> Result<(Self, Writer), SqliteStoreError> {
        let (connector, connection) = connection::establish(&options).await?;
        let (sender, queue) = lanes();
        let writer = Writer {
            queue,
            clock: Steady::new(options.clock),
            connector,
            connection: Some(connection),
            texts: Texts::default(),
        };
        let store = Self {
            queue: sender,
            path: Arc::new(options.path),
            synchronous: options.synchronous,
        };
        Ok((store, writer))
    }

    /// Finishes what was queued and closes the file. If nobody else has the file open, its journal is written back
    /// into it and removed.
    ///
    /// This ends the store for all its clones: later steps fail as [unavailable](StoreError::is_unavailable). Closing
    /// it again does nothing. Dropping the future doesn't keep it open.
    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        let close = Message::Close(reply);
        if self.queue.send(Lane::Claims, close).await.is_ok() {
            // An error means that the runtime ended meanwhile, and the writer with it.
            let _ = closed.await;
        }
    }

    /// Asks the writer for a step of an attempt that runs or ran.
    fn step<A: Send + 'static>(
        &self,
        record: RecordId,
        decide: impl FnOnce(Option<&Row>, Timestamp) -> (Change, A) + Send + 'static,
    ) -> StoreFuture<'_, A> {
        let (message, answer) = Pending::message(record, Access::Write, decide);
        Box::pin(self.ask(Lane::Attempts, message, answer))
    }

    async fn ask<A>(
        &self,
        lane: Lane,
        message: Message,
        answer: oneshot::Receiver<Result<A, StoreError>>,
    ) -> Result<A, StoreError> {
        let queued = self.queue.send(lane, message).await;
        queued.map_err(|_| StoreError::not_sent(WriterGone))?;
        // The writer ended after it had taken the step.
        let answer = answer.await;
        answer.map_err(|_| StoreError::unknown(WriterGone))?
    }

    async fn page(&self, list: List) -> Result<Page, StoreError> {
        let (reply, answer) = oneshot::channel();
        let listing = Listing {
            start: Start::of(&list)?,
            list,
            page: Page::default(),
            reply,
        };
        self.ask(Lane::Claims, Message::List(listing), answer).await
    }

    async fn sweep_once(&self, limit: usize) -> Result<usize, StoreError> {
        let (reply, answer) = oneshot::channel();
        let sweep = Sweep {
            limit,
            swept: 0,
            reply,
        };
        self.ask(Lane::Claims, Message::Sweep(sweep), answer).await
    }
}

impl SqliteStoreOptions {
    /// Opens the file, creates it if it doesn't exist, and brings its tables up to date.
    ///
    /// Dropping the future leaves the file as it was or ready.
    ///
    /// # Errors
    ///
    /// [`SqliteStoreError`] if the file can't be opened or created, isn't a database, can't be put in WAL mode, was
    /// written by a later release, or stays locked by another process. Also if it is called outside a tokio runtime.
    pub async fn open(self) -> Result<SqliteStore, SqliteStoreError> {
        SqliteStore::with_options(self).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        let record = claim.record;
        let decide = move |row: Option<&Row>, now| transition::claim(row, &claim, now);
        let (message, answer) = Pending::message(record, Access::Write, decide);
        Box::pin(self.ask(Lane::Claims, message, answer))
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
        if let Err(error) = check_size(Some(&outcome)) {
            return Box::pin(std::future::ready(Err(error)));
        }
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
        if let Err(error) = check_size(completion.outcome.as_ref()) {
            return Box::pin(std::future::ready(Err(error)));
        }
        self.step(record, move |row, now| {
            transition::complete(row, attempt, completion, now)
        })
    }

    fn release(&self, record: RecordId, attempt: AttemptId) -> StoreFuture<'_, Fence> {
        self.step(record, move |row, now| {
            transition::release(row, attempt, now)
        })
    }

    fn load(&self, record: RecordId) -> StoreFuture<'_, Option<Record>> {
        let decide = |row: Option<&Row>, now| (Change::Keep, transition::load(row, now));
        let (message, answer) = Pending::message(record, Access::Read, decide);
        Box::pin(self.ask(Lane::Claims, message, answer))
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
        if let Resolution::Complete(completion) = &resolution
            && let Err(error) = check_size(completion.outcome.as_ref())
        {
            return Box::pin(std::future::ready(Err(error)));
        }
        self.step(record, move |row, now| {
            transition::resolve(row, seen, attempt, resolution, now)
        })
    }

    fn list(&self, list: List) -> StoreFuture<'_, Page> {
        Box::pin(self.page(list))
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, usize> {
        Box::pin(async move {
            let mut swept = 0;
            while swept < limit {
                let at_once = SWEEP_AT_ONCE.min(limit - swept);
                // Each goes to the end of the queue, behind the claims that came in meanwhile.
                let removed = self.sweep_once(at_once).await?;
                swept += removed;
                if removed < at_once {
                    break;
                }
            }
            Ok(swept)
        })
    }

    fn survives(&self) -> StoreFuture<'_, Survives> {
        let survives = match self.synchronous {
            Synchronous::Full => Survives::up_to(
                Durability::Power,
                "SQLite keeps its file on one machine: a failover needs a replicated store",
            ),
            Synchronous::Normal => Survives::up_to(
                Durability::Process,
                "the file was opened with `Synchronous::Normal`: open it with `Synchronous::Full`",
            ),
        };
        Box::pin(std::future::ready(Ok(survives)))
    }
}

/// An outcome that SQLite refuses would fail the rest of its batch too.
pub(super) fn check_size(outcome: Option<&Outcome>) -> Result<(), StoreError> {
    let size = outcome.map_or(0, |outcome| {
        outcome.headers().as_bytes().len() + outcome.body().len()
    });
    if size > LARGEST_OUTCOME {
        return Err(StoreError::too_large(TooLarge(size)));
    }
    Ok(())
}
