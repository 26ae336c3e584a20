//! How a file is opened.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};

/// How a [`SqliteStore`](crate::SqliteStore) is opened.
///
/// ```no_run
/// use std::time::Duration;
/// use idempotent_runtime::store::{SqliteStoreOptions, Synchronous};
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let store = SqliteStoreOptions::new("idempotency.db")
///     .synchronous(Synchronous::Normal)
///     .busy_timeout(Duration::from_secs(1))
///     .open()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is opened before `open`"]
pub struct SqliteStoreOptions {
    pub(super) path: PathBuf,
    pub(super) synchronous: Synchronous,
    pub(super) busy_timeout: Duration,
    pub(super) clock: Arc<dyn Clock>,
}

/// When SQLite waits for the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Synchronous {
    /// At every commit. An acknowledged step survives a loss of power, on a local disk that doesn't lie about what it
    /// has written.
    #[default]
    Full,
    /// At checkpoints only. An acknowledged step survives the process but not a loss of power, after which work may be
    /// done a second time. The file stays intact.
    Normal,
}

impl SqliteStoreOptions {
    /// The file at this path, with [`Synchronous::Full`], the operating system's clock, and up to five seconds of
    /// waiting for other processes.
    ///
    /// The path is relative to the current directory at the time of opening. It isn't a URL, and `:memory:` is a file
    /// of that name.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            synchronous: Synchronous::default(),
            busy_timeout: Duration::from_secs(5),
            clock: Arc::new(SystemClock),
        }
    }

    /// When SQLite waits for the disk.
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// Sets how long to wait while another process, or another part of this one, writes to the file. It is rounded
    /// down to milliseconds. After that, steps fail as [unavailable](crate::store::StoreError::is_unavailable).
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// The clock by which the store judges leases and expiry. All who share a file judge by their own, so theirs should
    /// agree.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}
