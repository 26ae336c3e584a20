//! What can go wrong, each cause told once, and none with a password in it.

use std::error::Error;
use std::fmt;

use crate::store::StoreError;
use crate::store::table_name::InvalidTableName;
use crate::store::told_once::ToldOnce;

/// Conditions that something here depends on: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
mod code {
    pub(super) const UNDEFINED_TABLE: &str = "42P01";
    pub(super) const UNDEFINED_FUNCTION: &str = "42883";
    pub(super) const NO_SUCH_STATEMENT: &str = "26000";
    pub(super) const STATEMENT_EXISTS: &str = "42P05";
    pub(super) const NO_PARTITION: &str = "23514";
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
            source: Some(ToldOnce::new(error).into()),
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
                "this is no URL of a PostgreSQL server: write `postgres://user:password@host:port/database`, and `%40` for an `@` in the password",
            ),
            What::Name => f.write_str("the idempotency store has no table of this name"),
            What::Connect(place) => {
                write!(f, "the idempotency store at {place} could not be opened")
            }
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

/// What a step that failed is told.
pub(super) fn to_store_error(error: sqlx::Error) -> StoreError {
    let code = error
        .as_database_error()
        .and_then(|it| it.code().map(String::from));
    let help = match code.as_deref() {
        Some(code::UNDEFINED_TABLE | code::UNDEFINED_FUNCTION) => {
            "the tables are missing, or in another layout: call `PostgresStore::migrate`"
        }
        Some(code::NO_SUCH_STATEMENT | code::STATEMENT_EXISTS) => {
            "a pooler gave the connection away between two messages: set `Protocol::Simple`"
        }
        Some(code::NO_PARTITION) => {
            "there is no partition for today: call `PostgresStore::migrate`, and let sweeps run"
        }
        _ => return StoreError::unavailable(ToldOnce::new(error)),
    };
    StoreError::unavailable(Helped {
        help,
        source: ToldOnce::new(error),
    })
}

/// A failure whose remedy is known.
#[derive(Debug, thiserror::Error)]
#[error("{help}")]
struct Helped {
    help: &'static str,
    source: ToldOnce,
}
