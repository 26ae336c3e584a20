//! Why a step gets no connection.

use crate::store::StoreError;
use crate::store::sql::cause::SqlxCause;

/// Why there is no connection. Nothing was sent.
#[derive(Clone, Debug, thiserror::Error)]
pub(in crate::store) enum NoConnection {
    #[error("no connection could be opened")]
    Failed(#[source] SqlxCause),
    #[error("no connection was free in time")]
    NoneFree,
}

impl NoConnection {
    pub(super) fn failed(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut => Self::NoneFree,
            error => Self::Failed(SqlxCause::new(error)),
        }
    }
}

impl From<NoConnection> for StoreError {
    fn from(error: NoConnection) -> Self {
        Self::not_sent(error)
    }
}
