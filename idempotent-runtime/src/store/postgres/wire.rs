//! How statements get to the server, and what comes back.

use std::sync::Arc;

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Postgres};

use super::arguments::{Argument, Statement};
use super::error::to_store_error;
use crate::clock::Clock;
use crate::store::StoreError;
use crate::store::sql::connections::{Connections, NoConnection, answer};
use crate::store::sql::lane::Lane;
use crate::store::sql::protocol::Protocol;

/// The connections to the server, and how statements are sent over them.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) connections: Connections<Postgres>,
    pub(super) protocol: Protocol,
    pub(super) clock: Option<Arc<dyn Clock>>,
}

/// A statement that failed, before it was sent or afterwards.
#[derive(Debug)]
pub(super) enum Failed {
    NotSent(NoConnection),
    Sent(sqlx::Error),
}

impl From<NoConnection> for Failed {
    fn from(error: NoConnection) -> Self {
        Self::NotSent(error)
    }
}

impl From<Failed> for StoreError {
    fn from(error: Failed) -> Self {
        match error {
            Failed::NotSent(error) => error.into(),
            Failed::Sent(error) => to_store_error(error),
        }
    }
}

impl Wire {
    /// The time, if a test gives it.
    pub(super) fn given_time(&self) -> Option<i64> {
        self.clock.as_ref().map(|it| it.now().as_millis())
    }

    /// Sends a text.
    pub(super) async fn send(
        &self,
        lane: Lane,
        text: impl Into<String>,
    ) -> Result<Vec<PgRow>, Failed> {
        let mut acquired = self.connections.acquire(lane).await?;
        let query = sqlx::raw_sql(AssertSqlSafe(text.into()));
        let rows = answer(query.fetch_all(acquired.connection())).await;
        acquired.answered(rows).map_err(Failed::Sent)
    }

    /// Sends a statement, and gives the rows that it shows.
    pub(super) async fn fetch(
        &self,
        lane: Lane,
        statement: &Statement,
        values: Vec<Argument>,
    ) -> Result<Vec<PgRow>, Failed> {
        let values = statement.values(values, self.given_time());
        let mut acquired = self.connections.acquire(lane).await?;
        let rows = match self.protocol {
            Protocol::Prepared => {
                let query = statement.prepared(&values);
                answer(query.fetch_all(acquired.connection())).await
            }
            Protocol::Simple => {
                let query = sqlx::raw_sql(AssertSqlSafe(statement.written(&values)));
                answer(query.fetch_all(acquired.connection())).await
            }
        };
        acquired.answered(rows).map_err(Failed::Sent)
    }

    /// Sends a statement, and says how many rows it changed.
    pub(super) async fn execute(
        &self,
        lane: Lane,
        statement: &Statement,
        values: Vec<Argument>,
    ) -> Result<u64, Failed> {
        let values = statement.values(values, self.given_time());
        let mut acquired = self.connections.acquire(lane).await?;
        let done = match self.protocol {
            Protocol::Prepared => {
                let query = statement.prepared(&values);
                answer(query.execute(acquired.connection())).await
            }
            Protocol::Simple => {
                let query = sqlx::raw_sql(AssertSqlSafe(statement.written(&values)));
                answer(query.execute(acquired.connection())).await
            }
        };
        let done = acquired.answered(done).map_err(Failed::Sent)?;
        Ok(done.rows_affected())
    }
}
