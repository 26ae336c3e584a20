//! What can go wrong, each cause told once, and none with a password in it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use sqlx::mysql::MySqlDatabaseError;

use crate::store::StoreError;
use crate::store::sql::cause::SqlxCause;
use crate::store::sql::connections::NoConnection;
use crate::store::sql::names::InvalidTableName;

/// Numbers that something here depends on:
/// <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>.
mod number {
    pub(super) const DENIED_DATABASE: u16 = 1044;
    pub(super) const DENIED: u16 = 1045;
    pub(super) const NO_DATABASE: u16 = 1046;
    pub(super) const NOT_READY: u16 = 1047;
    pub(super) const NO_SUCH_COLUMN: u16 = 1054;
    pub(super) const ROW_TOO_LARGE: u16 = 1118;
    pub(super) const DENIED_TABLE: u16 = 1142;
    pub(super) const DENIED_COLUMN: u16 = 1143;
    pub(super) const NO_SUCH_TABLE: u16 = 1146;
    pub(super) const PACKET_TOO_LARGE: u16 = 1153;
    pub(super) const LOCK_TIMEOUT: u16 = 1205;
    pub(super) const DEADLOCK: u16 = 1213;
    pub(super) const DENIED_PRIVILEGE: u16 = 1227;
    pub(super) const NO_SUCH_STATEMENT: u16 = 1243;
    pub(super) const READ_ONLY: u16 = 1290;
    pub(super) const DATA_TOO_LONG: u16 = 1406;
    pub(super) const STALE_STATEMENT: u16 = 1615;
    pub(super) const DENIED_WITHOUT_PASSWORD: u16 = 1698;
}

fn number_of(error: &sqlx::Error) -> Option<u16> {
    error
        .as_database_error()?
        .try_downcast_ref::<MySqlDatabaseError>()
        .map(MySqlDatabaseError::number)
}

/// Whether the server undid the statement because of what others did at the same time: a deadlock, a lock that was not
/// given, a write that another node of a Galera cluster was faster with, a node that has just joined.
pub(super) fn may_be_repeated(error: &sqlx::Error) -> bool {
    matches!(
        number_of(error),
        Some(number::DEADLOCK | number::LOCK_TIMEOUT | number::NOT_READY | number::STALE_STATEMENT)
    )
}

/// What a step failed with that could not be sent again, after an earlier try that may have done something.
pub(super) fn after_a_try(error: StoreError, is_begun: bool) -> StoreError {
    if is_begun && error.is_not_sent() {
        return StoreError::unknown(SentBefore(error));
    }
    error
}

#[derive(Debug, thiserror::Error)]
#[error("it was sent once, failed halfway, and could not be sent again")]
struct SentBefore(#[source] StoreError);

pub(super) fn is_lock_timeout(error: &sqlx::Error) -> bool {
    number_of(error) == Some(number::LOCK_TIMEOUT)
}

pub(super) fn is_missing_table(error: &sqlx::Error) -> bool {
    number_of(error) == Some(number::NO_SUCH_TABLE)
}

/// A [`MySqlStore`](super::MySqlStore) could not be set up.
///
/// It prints what could not be done; why is its [`source`](Error::source).
#[derive(Debug)]
pub struct MySqlStoreError {
    what: What,
    source: Option<Box<dyn Error + Send + Sync>>,
}

#[derive(Debug)]
enum What {
    Url,
    Name,
    Connect(String),
    Migrate,
}

impl MySqlStoreError {
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
            source: Some(cause(error)),
        }
    }

    pub(super) fn silent(place: String, error: NoAnswer) -> Self {
        Self {
            what: What::Connect(place),
            source: Some(error.into()),
        }
    }

    pub(super) fn migrate(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            what: What::Migrate,
            source: Some(error.into()),
        }
    }

    pub(super) fn migration(error: sqlx::Error) -> Self {
        Self::migrate(cause(error))
    }

    /// Whether the tables were made by a later release, whose schema this one does not know.
    pub fn is_newer_schema(&self) -> bool {
        self.source
            .as_ref()
            .is_some_and(|it| it.is::<NewerSchema>())
    }
}

impl fmt::Display for MySqlStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Url => f.write_str(
                "this isn't the URL of a MySQL or MariaDB server: write `mysql://user:password@host:port/database`, and `%40` for an `@` in the password",
            ),
            What::Name => f.write_str("the idempotency store has no table of this name"),
            What::Connect(place) => {
                write!(f, "the idempotency store at {place} could not be reached")
            }
            What::Migrate => {
                f.write_str("the idempotency store's tables could not be brought up to date")
            }
        }
    }
}

impl Error for MySqlStoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("there was no answer within {0:?}")]
pub(super) struct NoAnswer(pub(super) Duration);

/// The tables were made by a later release.
#[derive(Debug, thiserror::Error)]
#[error("their schema is version {found}, and this release knows no later one than {known}")]
pub(super) struct NewerSchema {
    pub(super) found: i64,
    pub(super) known: i64,
}

/// Other transactions use the table that is to be changed.
#[derive(Debug, thiserror::Error)]
#[error(
    "a transaction that uses the table has been open for {0} seconds: end it (`information_schema.innodb_trx` shows which), and migrate again"
)]
pub(super) struct TableInUse(pub(super) u32);

#[derive(Debug, thiserror::Error)]
#[error("another process brings them up to date, and has not finished within {0} seconds")]
pub(super) struct StillMigrating(pub(super) u32);

#[derive(Debug, thiserror::Error)]
#[error("the connections do not commit by themselves: set `autocommit = 1` on the pool's sessions")]
pub(super) struct NoAutocommit;

/// An outcome of more bytes than the server takes at once.
#[derive(Debug, thiserror::Error)]
#[error(
    "the outcome takes {size} bytes to send, and the server takes no more than {limit}: raise its `max_allowed_packet`"
)]
pub(super) struct TooLarge {
    pub(super) size: u64,
    pub(super) limit: u64,
}

/// The error for a step that got no connection.
pub(super) fn not_acquired(error: NoConnection) -> StoreError {
    match &error {
        // The server's own message names the user.
        NoConnection::Failed(failed) => match number_of(failed.get()).and_then(Denied::of) {
            Some(denied) => StoreError::not_sent(denied),
            None => error.into(),
        },
        NoConnection::NoneFree => error.into(),
    }
}

/// The error for a statement that failed. `is_begun`: an earlier statement of the same
/// text was done.
pub(super) fn not_answered(error: sqlx::Error, is_begun: bool) -> StoreError {
    match number_of(&error) {
        Some(number::PACKET_TOO_LARGE | number::ROW_TOO_LARGE | number::DATA_TOO_LONG) => {
            StoreError::too_large(cause(error))
        }
        // The server looks whether it will run a statement before it does.
        Some(number) if !is_begun && is_refusal(number) => StoreError::not_sent(cause(error)),
        _ => StoreError::unknown(cause(error)),
    }
}

/// Whether the server says that it did not begin the statement.
fn is_refusal(number: u16) -> bool {
    Denied::of(number).is_some()
        || matches!(
            number,
            number::NO_DATABASE
                | number::NO_SUCH_COLUMN
                | number::NO_SUCH_STATEMENT
                | number::NO_SUCH_TABLE
                | number::NOT_READY
                | number::READ_ONLY
        )
}

/// The error with its remedy, where it is known, and without the names that a server puts in some.
fn cause(error: sqlx::Error) -> Box<dyn Error + Send + Sync> {
    let number = number_of(&error).unwrap_or_default();
    if let Some(denied) = Denied::of(number) {
        return denied.into();
    }
    let help = match number {
        number::NO_SUCH_TABLE => "the tables are missing: call `MySqlStore::migrate`",
        number::NO_SUCH_COLUMN => "the tables are an earlier release's: call `MySqlStore::migrate`",
        number::NO_SUCH_STATEMENT => {
            "a proxy gave the connection away between two messages: set `Protocol::Simple`"
        }
        number::PACKET_TOO_LARGE => {
            "an outcome is larger than the server takes: raise its `max_allowed_packet`"
        }
        number::ROW_TOO_LARGE => {
            "an outcome is larger than the server writes at once: raise its `innodb_log_file_size`"
        }
        number::READ_ONLY => "the server takes no writes: connect to the primary",
        _ => return SqlxCause::new(error).into(),
    };
    let source = SqlxCause::new(error);
    Helped { help, source }.into()
}

/// The server's own message names the user.
#[derive(Debug, thiserror::Error)]
#[error(
    "the server denies access (error {number}): see which privileges `MySqlStore` needs, and the URL's user and password"
)]
struct Denied {
    number: u16,
}

impl Denied {
    fn of(number: u16) -> Option<Self> {
        matches!(
            number,
            number::DENIED
                | number::DENIED_DATABASE
                | number::DENIED_TABLE
                | number::DENIED_COLUMN
                | number::DENIED_PRIVILEGE
                | number::DENIED_WITHOUT_PASSWORD
        )
        .then_some(Self { number })
    }
}

/// A failure whose remedy is known.
#[derive(Debug, thiserror::Error)]
#[error("{help}")]
struct Helped {
    help: &'static str,
    source: SqlxCause,
}
