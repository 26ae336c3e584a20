//! What can go wrong, each cause told once, and none with a password in it.

use std::error::Error;
use std::fmt;

use crate::store::StoreError;
use crate::store::sql::cause::SqlxCause;
use crate::store::sql::names::InvalidTableName;

/// Conditions that something here depends on: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
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
    /// The statement, or a value in it, is beyond what the server takes.
    pub(super) const PROGRAM_LIMIT_EXCEEDED: &str = "54000";
    pub(super) const INVALID_MEMORY_REQUEST: &str = "XX000";
}

/// A [`PostgresStore`](super::PostgresStore) could not be set up.
///
/// It prints what could not be done; why is its [`source`](Error::source).
#[derive(Debug)]
pub struct PostgresStoreError {
    what: What,
    source: Option<Box<dyn Error + Send + Sync>>,
}

#[derive(Debug)]
enum What {
    Url,
    Name,
    Connect(String),
    Migrate,
    Owner,
}

impl PostgresStoreError {
    /// Why is not told: a parser's error may quote what it read.
    pub(super) fn url() -> Self {
        Self {
            what: What::Url,
            source: None,
        }
    }

    pub(super) fn name(error: InvalidTableName) -> Self {
        Self {
            what: What::Name,
            source: Some(error.into()),
        }
    }

    pub(super) fn connect(place: String, error: sqlx::Error) -> Self {
        Self {
            what: What::Connect(place),
            source: Some(SqlxCause::new(error).into()),
        }
    }

    pub(super) fn owner(error: NotOwner) -> Self {
        Self {
            what: What::Owner,
            source: Some(error.into()),
        }
    }

    pub(super) fn migrate(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            what: What::Migrate,
            source: Some(error.into()),
        }
    }

    /// Whether the tables were made by a later release, whose schema this one does not know.
    pub fn is_newer_schema(&self) -> bool {
        self.source
            .as_ref()
            .is_some_and(|it| it.is::<NewerSchema>())
    }
}

impl fmt::Display for PostgresStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Url => f.write_str(
                "not the URL of a PostgreSQL server: write `postgres://user:password@host:port/database`, and `%40` for an `@` in the password",
            ),
            What::Name => f.write_str("the idempotency store has no table of this name"),
            What::Connect(place) => {
                write!(f, "the idempotency store at {place} could not be opened")
            }
            What::Owner => f.write_str(
                "the idempotency store cannot make and drop the days of its table",
            ),
            What::Migrate => f.write_str("the idempotency store's tables could not be brought up to date"),
        }
    }
}

impl Error for PostgresStoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// The tables were made by a later release.
#[derive(Debug, thiserror::Error)]
#[error("their schema is version {found}, and this release knows no later one than {known}")]
pub(super) struct NewerSchema {
    pub(super) found: i64,
    pub(super) known: i64,
}

/// Whether a statement gave up because it got no lock in time.
pub(super) fn waited_for_lock(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|it| it.code().as_deref() == Some(code::LOCK_NOT_AVAILABLE))
}

/// Somebody else uses the table, and didn't stop in time.
#[derive(Debug, thiserror::Error)]
#[error(
    "another transaction has held the table for seconds: end it (`pg_locks` and `pg_stat_activity` show it), and call `migrate` again"
)]
pub(super) struct Locked(#[source] SqlxCause);

impl Locked {
    pub(super) fn new(error: sqlx::Error) -> Self {
        Self(SqlxCause::new(error))
    }
}

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
    error
        .as_database_error()
        .is_some_and(|it| it.code().as_deref() == Some(code::NO_PARTITION))
}

/// The role may not make or drop days.
#[derive(Debug, thiserror::Error)]
#[error(
    "the role `{role}` must be a member of `{owner}`, which owns the table {table}: `GRANT \"{owner}\" TO \"{role}\"`"
)]
pub(super) struct NotOwner {
    pub(super) role: String,
    pub(super) owner: String,
    pub(super) table: String,
}

/// The error for a step that was sent and failed.
///
/// A server that refuses a statement for what it asks has undone all of it. Of any other failure it is not said.
pub(super) fn to_store_error(error: sqlx::Error) -> StoreError {
    let code = error
        .as_database_error()
        .and_then(|it| it.code().map(String::from));
    let help = match code.as_deref() {
        Some(code::UNDEFINED_TABLE | code::UNDEFINED_FUNCTION | code::UNDEFINED_COLUMN) => {
            "the tables are missing, of an earlier release, or in another layout: call `PostgresStore::migrate`"
        }
        Some(code::NO_SUCH_STATEMENT | code::STATEMENT_EXISTS) => {
            "a pooler gave the connection away between two messages: set `Protocol::Simple`"
        }
        Some(code::NO_PARTITION) => {
            "there is no partition for today, and the role cannot make one: call `PostgresStore::migrate`, and let sweeps run, as the owner of the table"
        }
        Some(code::INSUFFICIENT_PRIVILEGE) => {
            "the role needs `SELECT`, `INSERT`, `UPDATE` and `DELETE` on the table; in the layout by days it must own it"
        }
        Some(code::UNTRANSLATABLE_CHARACTER) => {
            "the database isn't in UTF-8 and can't hold this namespace or operation: write them in ASCII, or use a database in UTF-8"
        }
        Some(code::READ_ONLY) => "the server takes no writes: connect to the primary",
        Some(code::PROGRAM_LIMIT_EXCEEDED) => return StoreError::too_large(SqlxCause::new(error)),
        Some(code::INVALID_MEMORY_REQUEST) if is_too_large(&error) => {
            return StoreError::too_large(SqlxCause::new(error));
        }
        _ => return StoreError::unknown(SqlxCause::new(error)),
    };
    StoreError::not_sent(Helped {
        help,
        source: SqlxCause::new(error),
    })
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

/// A failure whose remedy is known.
#[derive(Debug, thiserror::Error)]
#[error("{help}")]
struct Helped {
    help: &'static str,
    source: SqlxCause,
}
