//! How statements get to the server, and what comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use sqlx::mysql::{MySqlQueryResult, MySqlRow};
use sqlx::{AssertSqlSafe, Either, Executor as _, MySql, Row as _};

use super::arguments::{Argument, Statement, size};
use super::error::{TooLarge, after_a_try, may_be_repeated, not_acquired, not_answered};
use crate::clock::Clock;
use crate::store::StoreError;
use crate::store::sql::connections::{Connections, answer};
use crate::store::sql::lane::Lane;
use crate::store::sql::protocol::Protocol;

/// How often to repeat a step that the server undid because of others.
const REPEATS: u32 = 10;

/// The pause before a repetition, which grows with each.
const PAUSE: Duration = Duration::from_millis(2);

/// Outcomes smaller than this are sent without asking for the server's limit.
const LARGE: u64 = 16 * 1024;

/// What a statement needs besides an outcome.
const REST_OF_STATEMENT: u64 = 4096;

/// The connections to the server, and how statements are sent over them.
pub(super) struct Wire {
    connections: Connections<MySql>,
    protocol: Protocol,
    clock: Option<Arc<dyn Clock>>,
    /// The server's last known limit to a packet.
    limit: AtomicU64,
}

/// The answer to a text of statements.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) rows: Vec<MySqlRow>,
    /// Counts the rows that were found, even if unchanged: sqlx asks the server to count this way.
    pub(super) affected: u64,
    /// How many statements were answered.
    statements: usize,
}

/// A statement that failed.
struct Failed {
    error: sqlx::Error,
    /// Whether an earlier statement of the same text was answered, so it was carried out.
    is_begun: bool,
}

impl Wire {
    pub(super) fn new(
        connections: Connections<MySql>,
        protocol: Protocol,
        clock: Option<Arc<dyn Clock>>,
    ) -> Self {
        Self {
            connections,
            protocol,
            clock,
            limit: AtomicU64::new(0),
        }
    }

    /// The time, if a test gives it.
    pub(super) fn given_time(&self) -> Option<i64> {
        self.clock.as_ref().map(|it| it.now().as_millis())
    }

    pub(super) async fn ask(
        &self,
        lane: Lane,
        statement: &Statement,
        values: &[Argument],
    ) -> Result<Answer, StoreError> {
        self.ask_by(self.protocol, lane, statement, values).await
    }

    pub(super) async fn ask_as_text(
        &self,
        lane: Lane,
        statement: &Statement,
        values: &[Argument],
    ) -> Result<Answer, StoreError> {
        self.ask_by(Protocol::Simple, lane, statement, values).await
    }

    /// Every step may be repeated, and the server has undone the ones that are.
    async fn ask_by(
        &self,
        protocol: Protocol,
        lane: Lane,
        statement: &Statement,
        values: &[Argument],
    ) -> Result<Answer, StoreError> {
        self.check_size(protocol, lane, values).await?;
        let mut repeated = 0;
        // Whether an earlier try had done something by the time that it failed.
        let mut is_begun = false;
        loop {
            let sent = self.send(protocol, lane, statement, values).await;
            match sent.map_err(|error| after_a_try(error, is_begun))? {
                Err(failed) if may_be_repeated(&failed.error) && repeated < REPEATS => {
                    is_begun |= failed.is_begun;
                    tokio::time::sleep(PAUSE * repeated).await;
                    repeated += 1;
                }
                Err(failed) => {
                    // The limit may have been lowered, and this may have been too much.
                    self.limit.store(0, Ordering::Relaxed);
                    return Err(not_answered(failed.error, failed.is_begun || is_begun));
                }
                Ok(answer) => return Ok(answer),
            }
        }
    }

    /// Asks the server for a number.
    pub(super) async fn number(&self, lane: Lane, question: &Statement) -> Result<u64, StoreError> {
        let answer = self.send(Protocol::Simple, lane, question, &[]).await?;
        let answer = answer.map_err(|failed| not_answered(failed.error, false))?;
        let number = answer.rows.last().map(|row| {
            // It is unsigned on MySQL and signed on MariaDB.
            row.try_get_unchecked::<u64, _>(0)
        });
        number
            .transpose()
            .map_err(StoreError::corrupt)
            .map(Option::unwrap_or_default)
    }

    /// Checks the size beforehand, because a server closes the connection if it gets too much, often before its reason
    /// can be read.
    async fn check_size(
        &self,
        protocol: Protocol,
        lane: Lane,
        values: &[Argument],
    ) -> Result<(), StoreError> {
        let bytes: u64 = values.iter().map(size).sum();
        let size = match protocol {
            Protocol::Prepared => bytes,
            // Two digits for each byte.
            Protocol::Simple => 2 * bytes,
        } + REST_OF_STATEMENT;
        if size < LARGE || size <= self.limit.load(Ordering::Relaxed) {
            return Ok(());
        }
        // The limit may have been raised since the last question.
        let question = Statement::new("SELECT @@max_allowed_packet".to_owned());
        let limit = self.number(lane, &question).await?;
        self.limit.store(limit, Ordering::Relaxed);
        if size <= limit {
            return Ok(());
        }
        Err(StoreError::too_large(TooLarge { size, limit }))
    }

    /// One round trip, on a connection that has seen the statement if it is a prepared one.
    async fn send(
        &self,
        protocol: Protocol,
        lane: Lane,
        statement: &Statement,
        values: &[Argument],
    ) -> Result<Result<Answer, Failed>, StoreError> {
        let mut lease = self.connections.acquire(lane).await.map_err(not_acquired)?;
        let mut received = Answer::default();
        let connection = lease.connection();
        let sent = match protocol {
            Protocol::Prepared => match statement.prepared(values) {
                Ok(query) => answer(receive(connection.fetch_many(query), &mut received)).await,
                Err(error) => Err(error),
            },
            Protocol::Simple => {
                let text = AssertSqlSafe(statement.written(values));
                let query = sqlx::raw_sql(text);
                answer(receive(connection.fetch_many(query), &mut received)).await
            }
        };
        match lease.answered(sent) {
            Ok(()) => Ok(Ok(received)),
            Err(error) => Ok(Err(Failed {
                error,
                is_begun: received.statements > 0,
            })),
        }
    }
}

async fn receive(
    mut parts: BoxStream<'_, Result<Either<MySqlQueryResult, MySqlRow>, sqlx::Error>>,
    received: &mut Answer,
) -> Result<(), sqlx::Error> {
    while let Some(part) = parts.try_next().await? {
        match part {
            Either::Left(done) => {
                received.statements += 1;
                received.affected += done.rows_affected();
            }
            Either::Right(row) => received.rows.push(row),
        }
    }
    Ok(())
}
