//! What all sessions share.

use std::io;
use std::path::Path;

use idempotent_runtime::store::SqliteStoreError;
use idempotent_runtime::{Idempotency, SqliteStore};

use crate::artifacts::Artifacts;
use crate::work::Work;

/// The application: its tables, and the handle that keeps the records of idempotent calls.
#[derive(Clone, Debug)]
pub struct App {
    /// Where the records are. Shut it down before the process ends.
    pub idempotency: Idempotency,
    pub(crate) artifacts: Artifacts,
    pub(crate) work: Work,
}

impl App {
    /// Opens the databases in this directory, which is made if need be.
    ///
    /// Over stdio each client starts a server process of its own. All of them share these files, so a key counts for the
    /// whole organization, and still does after a restart.
    ///
    /// # Errors
    ///
    /// If the directory or one of the databases can't be opened.
    pub async fn open(data: &Path, work: Work) -> Result<Self, OpenError> {
        std::fs::create_dir_all(data)?;
        let store = SqliteStore::open(data.join("idempotency.db")).await?;
        Ok(Self {
            idempotency: Idempotency::new(store),
            artifacts: Artifacts::open(&data.join("artifacts.db")).await?,
            work,
        })
    }
}

/// Why the application can't be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The data directory can't be made.
    #[error("cannot create the data directory")]
    Directory(#[from] io::Error),
    /// The application's own database can't be opened.
    #[error("cannot open the database of artifacts")]
    Artifacts(#[from] sqlx::Error),
    /// The store of the records can't be opened.
    #[error("cannot open the idempotency store")]
    Store(#[from] SqliteStoreError),
}
