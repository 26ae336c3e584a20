//! What can go wrong. Each cause is printed once, and none contains a password.

use crate::store::StoreError;
use crate::store::sql::cause::{Helped, SqlxCause};
use crate::store::sql::setup_error::{SetupError, store_error};

/// Error codes that something here depends on: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
mod code {
    pub(super) const UNDEFINED_TABLE: &str = "42P01";
    pub(super) const UNDEFINED_FUNCTION: &str = "42883";
    pub(super) const NO_SUCH_STATEMENT: &str = "26000";
    pub(super) const STATEMENT_EXISTS: &str = "42P05";
    pub(super) const NO_PARTITION: &str = "23514";
    pub(super) const READ_ONLY: &str = "25006";
    pub(super) const INSUFFICIENT_PRIVILEGE: &str = "42501";
    pub(super) const LOCK_NOT_AVAILABLE: &str = "55P03";
    pub(super) const UNDEFINED_COLUMN: &str = "42703";
    /// The encoding of the database lacks a character.
    pub(super) const UNTRANSLATABLE_CHARACTER: &str = "22P05";
    /// The statement, or a value in it, is larger than the server accepts.
    pub(super) const PROGRAM_LIMIT_EXCEEDED: &str = "54000";
    pub(super) const INVALID_MEMORY_REQUEST: &str = "XX000";
}

store_error! {
    /// A [`PostgresStore`](super::PostgresStore) could not be set up.
    ///
    /// It prints what could not be done; its [`source`](std::error::Error::source) says why.
    PostgresStoreError
}

fn has_code(error: &sqlx::Error, code: &str) -> bool {
    error
        .as_database_error()
        .is_some_and(|it| it.code().as_deref() == Some(code))
}

/// The error for a migration's statement that failed.
pub(super) fn migration_failed(error: sqlx::Error) -> SetupError {
    if has_code(&error, code::LOCK_NOT_AVAILABLE) {
        return SetupError::migrate(Locked(SqlxCause::new(error)));
    }
    SetupError::migrate(SqlxCause::new(error))
}

/// Somebody else uses the table and didn't stop in time.
#[derive(Debug, thiserror::Error)]
#[error(
    "another transaction has held the table for seconds: end it (`pg_locks` and `pg_stat_activity` show it), and call `migrate` again"
)]
struct Locked(#[source] SqlxCause);

/// An index was not built in time.
#[derive(Debug, thiserror::Error)]
pub(super) enum Building {
    #[error("another process is still building an index: call `migrate` again once it is done")]
    ByOthers,
    #[error(
        "building an index waits for a transaction of the server's process {0}: end that transaction, and call `migrate` again"
    )]
    WaitsFor(i64),
}

/// Whether a row belongs to a day that has no partition yet.
pub(super) fn lacks_partition(error: &sqlx::Error) -> bool {
    has_code(error, code::NO_PARTITION)
}

/// The role can't create or drop partitions.
#[derive(Debug, thiserror::Error)]
#[error(
    "the role `{role}` must be a member of `{owner}`, which owns the table {table}: `GRANT \"{owner}\" TO \"{role}\"`"
)]
pub(super) struct NotOwner {
    pub(super) role: String,
    pub(super) owner: String,
    pub(super) table: String,
}

impl From<NotOwner> for SetupError {
    fn from(error: NotOwner) -> Self {
        Self::new(
            "the idempotency store can't create and drop the partitions of its table",
            error,
        )
    }
}

/// The error for a step that was sent and failed.
///
/// If the server refuses a statement for what it asks, it has undone all of it. After any other failure, nobody knows what
/// it has done.
pub(super) fn to_store_error(error: sqlx::Error) -> StoreError {
    let code = error
        .as_database_error()
        .and_then(|it| it.code().map(String::from));
    let help = match code.as_deref() {
        Some(code::UNDEFINED_TABLE | code::UNDEFINED_FUNCTION | code::UNDEFINED_COLUMN) => {
            "the tables are missing, were made by an earlier release, or have another layout: call `PostgresStore::migrate`"
        }
        Some(code::NO_SUCH_STATEMENT | code::STATEMENT_EXISTS) => {
            "a pooler gave the connection to somebody else between two messages: set `Protocol::Simple`"
        }
        Some(code::NO_PARTITION) => {
            "today has no partition, and the role can't create one: call `PostgresStore::migrate` as the owner of the table, and let sweeps run as the owner too"
        }
        Some(code::INSUFFICIENT_PRIVILEGE) => {
            "the role needs `SELECT`, `INSERT`, `UPDATE` and `DELETE` on the table; in the layout by days it must own it"
        }
        Some(code::UNTRANSLATABLE_CHARACTER) => {
            "the database isn't in UTF-8 and can't hold this namespace or operation: write them in ASCII, or use a database in UTF-8"
        }
        Some(code::READ_ONLY) => "the server accepts no writes: connect to the primary",
        Some(code::PROGRAM_LIMIT_EXCEEDED) => return StoreError::too_large(SqlxCause::new(error)),
        Some(code::INVALID_MEMORY_REQUEST) if is_too_large(&error) => {
            return StoreError::too_large(SqlxCause::new(error));
        }
        _ => return StoreError::unknown(SqlxCause::new(error)),
    };
    StoreError::not_sent(Helped::new(help, error))
}

/// PostgreSQL has no code of its own for a value of more than a gigabyte, only the words of an internal error.
fn is_too_large(error: &sqlx::Error) -> bool {
    let says = |text| {
        error
            .as_database_error()
            .is_some_and(|it| it.message().contains(text))
    };
    says("invalid memory alloc request size")
}
