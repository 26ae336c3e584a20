//! sqlx errors, printing each cause once.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// An sqlx error that several callers may share.
///
/// sqlx prints the cause of some errors with the error and gives it as the source too. This prints it once.
#[derive(Clone)]
pub(in crate::store) struct SqlxCause(Arc<sqlx::Error>);

impl SqlxCause {
    pub(in crate::store) fn new(error: sqlx::Error) -> Self {
        Self(Arc::new(error))
    }

    #[cfg(any(feature = "mysql", feature = "sqlite"))]
    pub(in crate::store) fn get(&self) -> &sqlx::Error {
        &self.0
    }

    fn printed(&self) -> &(dyn Error + 'static) {
        match &*self.0 {
            sqlx::Error::Database(error) => error.as_ref().as_error(),
            sqlx::Error::Io(error) => error,
            sqlx::Error::Configuration(error)
            | sqlx::Error::Tls(error)
            | sqlx::Error::Encode(error)
            | sqlx::Error::Decode(error) => &**error,
            other => other,
        }
    }
}

impl fmt::Debug for SqlxCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for SqlxCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.printed(), f)
    }
}

impl Error for SqlxCause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.printed().source()
    }
}

/// A failure whose remedy is known.
#[cfg(any(feature = "postgres", feature = "mysql"))]
#[derive(Debug, thiserror::Error)]
#[error("{help}")]
pub(in crate::store) struct Helped {
    help: &'static str,
    source: SqlxCause,
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl Helped {
    pub(in crate::store) fn new(help: &'static str, error: sqlx::Error) -> Self {
        Self {
            help,
            source: SqlxCause::new(error),
        }
    }
}
