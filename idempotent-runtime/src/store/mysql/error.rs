//! What can go wrong. Each cause is printed once, and none contains a password.

use std::error::Error;

use sqlx::mysql::MySqlDatabaseError;

use crate::store::StoreError;
use crate::store::sql::cause::{Helped, SqlxCause};
use crate::store::sql::connections::NoConnection;
use crate::store::sql::setup_error::{SetupError, store_error};

/// Error numbers that something here depends on:
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

/// Whether the server undid the statement because of what others did at the same time: a deadlock, a lock wait that timed
/// out, a faster write on another node of a Galera cluster, or a node that has just joined.
pub(super) fn may_be_repeated(error: &sqlx::Error) -> bool {
    matches!(
        number_of(error),
        Some(number::DEADLOCK | number::LOCK_TIMEOUT | number::NOT_READY | number::STALE_STATEMENT)
    )
}

/// The error for a step that could not be sent again, when an earlier try may have done something.
pub(super) fn after_a_try(error: StoreError, is_begun: bool) -> StoreError {
    if is_begun && error.is_not_sent() {
        return StoreError::unknown(SentBefore(error));
    }
    error
}

#[derive(Debug, thiserror::Error)]
#[error("the step was sent once, failed halfway, and could not be sent again")]
struct SentBefore(#[source] StoreError);

pub(super) fn is_lock_timeout(error: &sqlx::Error) -> bool {
    number_of(error) == Some(number::LOCK_TIMEOUT)
}

pub(super) fn is_missing_table(error: &sqlx::Error) -> bool {
    number_of(error) == Some(number::NO_SUCH_TABLE)
}

store_error! {
    /// A [`MySqlStore`](super::MySqlStore) could not be set up.
    ///
    /// It prints what could not be done; its [`source`](std::error::Error::source) says why.
    MySqlStoreError
}

/// The error for a migration's statement that failed.
pub(super) fn migration_failed(error: sqlx::Error) -> SetupError {
    SetupError::migrate(cause(error))
}

/// Other transactions use the table that is to be changed.
#[derive(Debug, thiserror::Error)]
#[error(
    "a transaction that uses the table has been open for {0} seconds: end it (`information_schema.innodb_trx` shows which one it is), and call `migrate` again"
)]
pub(super) struct TableInUse(pub(super) u32);

#[derive(Debug, thiserror::Error)]
#[error("another process is migrating them and has not finished within {0} seconds")]
pub(super) struct StillMigrating(pub(super) u32);

#[derive(Debug, thiserror::Error)]
#[error("the connections don't commit by themselves: set `autocommit = 1` on the pool's sessions")]
pub(super) struct NoAutocommit;

/// An outcome of more bytes than the server accepts at once.
#[derive(Debug, thiserror::Error)]
#[error(
    "the outcome takes {size} bytes to send, but the server accepts at most {limit}: raise its `max_allowed_packet`"
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

/// The error for a statement that failed. `is_begun` says whether an earlier statement of the same text was carried out.
pub(super) fn not_answered(error: sqlx::Error, is_begun: bool) -> StoreError {
    match number_of(&error) {
        Some(number::PACKET_TOO_LARGE | number::ROW_TOO_LARGE | number::DATA_TOO_LONG) => {
            StoreError::too_large(cause(error))
        }
        // The server checks whether it will run a statement before it does.
        Some(number) if !is_begun && is_refusal(number) => StoreError::not_sent(cause(error)),
        _ => StoreError::unknown(cause(error)),
    }
}

/// Whether this number means that the server didn't begin the statement.
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

/// The error with its remedy, if there is a known one, and without the names that the server puts in some messages.
pub(super) fn cause(error: sqlx::Error) -> Box<dyn Error + Send + Sync> {
    let number = number_of(&error).unwrap_or_default();
    if let Some(denied) = Denied::of(number) {
        return denied.into();
    }
    let help = match number {
        number::NO_SUCH_TABLE => "the tables are missing: call `MySqlStore::migrate`",
        number::NO_SUCH_COLUMN => {
            "the tables were made by an earlier release: call `MySqlStore::migrate`"
        }
        number::NO_SUCH_STATEMENT => {
            "a proxy gave the connection to somebody else between two messages: set `Protocol::Simple`"
        }
        number::PACKET_TOO_LARGE => {
            "an outcome is larger than the server accepts: raise its `max_allowed_packet`"
        }
        number::ROW_TOO_LARGE => {
            "an outcome is larger than the server writes at once: raise its `innodb_log_file_size`"
        }
        number::READ_ONLY => "the server accepts no writes: connect to the primary",
        _ => return SqlxCause::new(error).into(),
    };
    Helped::new(help, error).into()
}

/// The server's own message names the user.
#[derive(Debug, thiserror::Error)]
#[error(
    "the server denies access (error {number}): check the user and password in the URL, and the privileges that `MySqlStore` needs"
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
