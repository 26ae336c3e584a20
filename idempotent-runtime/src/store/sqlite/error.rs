//! What can go wrong, printing each cause once.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use super::schema::MigrationError;
use crate::store::StoreError;
use crate::store::sql::cause::SqlxCause;
use crate::store::sql::schema::NewerSchema;

/// The SQLite result codes that something here depends on: <https://www.sqlite.org/rescode.html>.
pub(super) mod code {
    pub(in crate::store::sqlite) const BUSY: i32 = 5;
    pub(in crate::store::sqlite) const CORRUPT: i32 = 11;
    pub(in crate::store::sqlite) const CANNOT_OPEN: i32 = 14;
    pub(in crate::store::sqlite) const NOT_A_DATABASE: i32 = 26;
}

/// The primary result code; extended ones keep it in their lowest byte.
pub(super) fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

/// The file of a [`SqliteStore`](super::SqliteStore) could not be opened.
///
/// It prints which file; its [`source`](Error::source) says why.
#[derive(Debug)]
pub struct SqliteStoreError {
    path: PathBuf,
    source: Box<dyn Error + Send + Sync>,
}

impl SqliteStoreError {
    pub(super) fn new(path: &Path, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            path: path.to_owned(),
            source: source.into(),
        }
    }

    pub(super) fn database(path: &Path, error: sqlx::Error) -> Self {
        let directory = path.parent().filter(|directory| !directory.is_dir());
        match directory {
            Some(directory) if primary_code(&error) == Some(code::CANNOT_OPEN) => {
                Self::new(path, MissingDirectory(directory.to_owned()))
            }
            _ => Self::new(path, SqlxCause::new(error)),
        }
    }

    pub(super) fn migration(path: &Path, error: MigrationError) -> Self {
        match error {
            MigrationError::Database(error) => Self::database(path, error),
            MigrationError::Newer(newer) => Self::new(path, newer),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file was written by a later release, whose schema this one doesn't know.
    pub fn is_newer_schema(&self) -> bool {
        self.source.is::<NewerSchema>()
    }
}

impl fmt::Display for SqliteStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the idempotency store at {} could not be opened",
            self.path.display()
        )
    }
}

impl Error for SqliteStoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("there is no directory {}", .0.display())]
struct MissingDirectory(PathBuf);

#[derive(Debug, thiserror::Error)]
#[error("it was opened outside a tokio runtime, and its writer needs one to run on")]
pub(super) struct NoRuntime;

#[derive(Debug, thiserror::Error)]
#[error(
    "its journal stays in mode {0:?}; the store needs \"wal\", which a network file system cannot give"
)]
pub(super) struct NotWal(pub(super) String);

/// The writer accepts no more steps.
#[derive(Debug, thiserror::Error)]
#[error("it was closed, or the runtime on which it was opened has ended")]
pub(super) struct WriterGone;

/// An outcome of more bytes than SQLite can put in a row.
#[derive(Debug, thiserror::Error)]
#[error("an outcome of {0} bytes is more than SQLite can keep")]
pub(super) struct TooLarge(pub(super) usize);

/// Why a batch failed, and how far it had come.
#[derive(Debug)]
pub(super) struct BatchFailure {
    error: SqlxCause,
    /// Whether the statement that was sent last would also have committed.
    committing: bool,
}

impl BatchFailure {
    /// The end of its connection rolls the transaction back.
    pub(super) fn before_commit(error: sqlx::Error) -> Self {
        Self {
            error: SqlxCause::new(error),
            committing: false,
        }
    }

    pub(super) fn at_commit(error: sqlx::Error) -> Self {
        Self {
            error: SqlxCause::new(error),
            committing: true,
        }
    }

    /// The error for the steps of the batch.
    pub(super) fn to_store_error(&self) -> StoreError {
        let cause = self.error.clone();
        match primary_code(self.error.get()) {
            Some(code::CORRUPT | code::NOT_A_DATABASE) => StoreError::corrupt(cause),
            _ if self.committing => StoreError::unknown(cause),
            _ => StoreError::not_sent(cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
        std::iter::successors(Some(error), |error| (*error).source())
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_cause_is_printed_once() {
        let error = sqlx::Error::Io(std::io::Error::other("the disk is gone"));
        assert_eq!(
            chain(&BatchFailure::at_commit(error).to_store_error()),
            ["the idempotency store did not answer", "the disk is gone"]
        );
    }
}
