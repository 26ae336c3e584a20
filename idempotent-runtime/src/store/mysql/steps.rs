//! How a step gets to the server and what comes back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::mysql::{MySqlPool, MySqlRow};
use sqlx::{AssertSqlSafe, Either, Executor as _, Row as _};

use super::arguments::{Argument, Statement};
use super::error::{NoAutocommit, TooLarge, may_be_repeated, to_store_error};
use super::options::{MySqlStoreOptions, Names, Protocol};
use super::rows;
use super::statements::Statements;
use super::survives::{self, Settings};
use crate::identity::RecordId;
use crate::store::columns::{KeptChanging, LOOKS, claimed, millis};
use crate::store::{Claim, Claimed, Fence, Record, StoreError, Survives, Takeover, transition};

/// How often a step is sent again that the server undid because of others.
const REPEATS: u32 = 10;

/// A step is given a little more time at each repetition.
const PAUSE: Duration = Duration::from_millis(2);

/// Smaller outcomes are sent without asking how much the server takes.
const LARGE: u64 = 512 * 1024;

/// What a statement needs besides an outcome.
const REST_OF_STATEMENT: u64 = 4096;

/// The most rows that one statement sweeps: few enough that a claim of one of them waits for milliseconds.
const SWEEP_AT_ONCE: usize = 500;

/// What all clones share, and steps that go on without their callers.
pub(super) struct Shared {
    pub(super) pool: MySqlPool,
    pub(super) names: Names,
    options: MySqlStoreOptions,
    pub(super) statements: Statements,
    /// What the server said last of how much it takes at once.
    limit: AtomicU64,
}

/// What a text of statements brought.
#[derive(Default)]
struct Answer {
    rows: Vec<MySqlRow>,
    /// Found, and not only changed: sqlx asks the server to count so.
    affected: u64,
}

impl Shared {
    pub(super) fn new(pool: MySqlPool, names: Names, options: MySqlStoreOptions) -> Self {
        Self {
            statements: Statements::new(&names.table(), options.clock.is_some()),
            pool,
            names,
            options,
            limit: AtomicU64::new(0),
        }
    }

    /// The parameters of a statement, behind the time.
    fn values(&self, values: impl IntoIterator<Item = Argument>) -> Vec<Argument> {
        let time = self.options.clock.as_ref().map(|it| it.now().as_millis());
        std::iter::once(Argument::Int(time)).chain(values).collect()
    }

    /// A claim is several statements in one text. Nothing is locked between two of them, and the last one says what
    /// became of it.
    pub(super) async fn claim(&self, claim: Claim) -> Result<Claimed, StoreError> {
        let (takeover, from) = match claim.takeover {
            Takeover::Never => (0, None),
            Takeover::Abandoned => (1, None),
            Takeover::From(seen) => (2, Some(seen)),
        };
        let arguments = [
            Argument::bytes(claim.record.as_bytes()),
            Argument::bytes(claim.fingerprint.as_bytes()),
            Argument::bytes(claim.attempt.as_bytes()),
            Argument::int(millis(claim.lease)),
            Argument::int(takeover),
            from.map_or(Argument::Bytes(None), |from| {
                Argument::bytes(from.as_bytes())
            }),
        ];
        for _ in 0..LOOKS {
            let values = self.values(arguments.clone());
            let answer = self.ask_as_text(&self.statements.claim, &values).await?;
            let Some(row) = answer.rows.last() else {
                continue;
            };
            let (now, row) = rows::read(row)?;
            if let Some(claimed) = claimed(Some(&row), &claim, now) {
                return Ok(claimed);
            }
        }
        self.check_autocommit().await?;
        Err(StoreError::unavailable(KeptChanging))
    }

    /// Without it, a claim writes nothing and finds nothing.
    async fn check_autocommit(&self) -> Result<(), StoreError> {
        let question = Statement::new("SELECT @@autocommit".to_owned());
        match self.number(&question).await? {
            0 => Err(StoreError::unavailable(NoAutocommit)),
            _ => Ok(()),
        }
    }

    /// A step that changes a row if the attempt holds it.
    pub(super) async fn fenced(
        &self,
        statement: fn(&Statements) -> &Statement,
        arguments: Vec<Argument>,
    ) -> Result<Fence, StoreError> {
        let values = self.values(arguments);
        self.check_size(&values).await?;
        let answer = self.ask(statement(&self.statements), &values).await?;
        Ok(if answer.affected == 0 {
            Fence::Lost
        } else {
            Fence::Held
        })
    }

    pub(super) async fn load(&self, record: RecordId) -> Result<Option<Record>, StoreError> {
        let values = self.values([Argument::bytes(record.as_bytes())]);
        let answer = self.ask(&self.statements.load, &values).await?;
        let row = answer.rows.last().map(rows::read).transpose()?;
        Ok(row.and_then(|(now, row)| transition::load(Some(&row), now)))
    }

    pub(super) async fn sweep(&self, limit: usize) -> Result<usize, StoreError> {
        let mut swept = 0;
        while swept < limit {
            let at_once = SWEEP_AT_ONCE.min(limit - swept);
            let removed = self.sweep_once(at_once).await?;
            swept += removed;
            // Whoever sweeps at the same time has removed what this sweep found; the rest is left to the next.
            if removed < at_once {
                break;
            }
        }
        Ok(swept)
    }

    /// Finds rows without locking them, and removes those that still may be.
    async fn sweep_once(&self, at_once: usize) -> Result<usize, StoreError> {
        let at_once = i64::try_from(at_once).unwrap_or(i64::MAX);
        let values = self.values([Argument::int(at_once)]);
        let found = self.ask(&self.statements.expired, &values).await?.rows;
        if found.is_empty() {
            return Ok(0);
        }
        let records = found
            .iter()
            .map(|row| row.try_get::<&[u8], _>(0).map(Argument::bytes))
            .collect::<Result<Vec<_>, _>>()
            .map_err(StoreError::corrupt)?;
        let remove = self.statements.remove.of(records.len());
        // As text: there are as many different statements as there are numbers of rows.
        let removed = self.ask_as_text(&remove, &self.values(records)).await?;
        Ok(usize::try_from(removed.affected).unwrap_or(usize::MAX))
    }

    pub(super) async fn survives(&self) -> Result<Survives, StoreError> {
        let question = Statement::new(survives::SETTINGS.to_owned());
        let answer = self.ask_as_text(&question, &[]).await?;
        let settings = Settings::read(&answer.rows).map_err(to_store_error)?;
        Ok(survives::judge(&settings))
    }

    /// A server closes the connection on which too much is sent, often before it can be heard why.
    async fn check_size(&self, values: &[Argument]) -> Result<(), StoreError> {
        let bytes: u64 = values.iter().map(Argument::size).sum();
        let size = match self.options.protocol {
            Protocol::Prepared => bytes,
            // Two digits for each byte.
            Protocol::Simple => 2 * bytes,
        } + REST_OF_STATEMENT;
        if size < LARGE || size <= self.limit.load(Ordering::Relaxed) {
            return Ok(());
        }
        // It may have been raised since it was asked for last.
        let question = Statement::new("SELECT @@max_allowed_packet".to_owned());
        let limit = self.number(&question).await?;
        self.limit.store(limit, Ordering::Relaxed);
        if size <= limit {
            return Ok(());
        }
        Err(StoreError::unavailable(TooLarge { size, limit }))
    }

    async fn number(&self, question: &Statement) -> Result<u64, StoreError> {
        let answer = self.ask_as_text(question, &[]).await?;
        let number = answer.rows.last().map(|row| {
            // MySQL says it unsigned, MariaDB signed.
            row.try_get_unchecked::<u64, _>(0)
        });
        number
            .transpose()
            .map_err(to_store_error)
            .map(Option::unwrap_or_default)
    }

    async fn ask(&self, statement: &Statement, values: &[Argument]) -> Result<Answer, StoreError> {
        self.ask_by(self.options.protocol, statement, values).await
    }

    async fn ask_as_text(
        &self,
        statement: &Statement,
        values: &[Argument],
    ) -> Result<Answer, StoreError> {
        self.ask_by(Protocol::Simple, statement, values).await
    }

    /// Every step may be sent again, and what the server undid was not done.
    async fn ask_by(
        &self,
        protocol: Protocol,
        statement: &Statement,
        values: &[Argument],
    ) -> Result<Answer, StoreError> {
        let mut repeated = 0;
        loop {
            match self.send(protocol, statement, values).await {
                Err(error) if may_be_repeated(&error) && repeated < REPEATS => {
                    tokio::time::sleep(PAUSE * repeated).await;
                    repeated += 1;
                }
                answer => return answer.map_err(to_store_error),
            }
        }
    }

    /// One round trip, on a connection that has seen the statement if it is a prepared one.
    async fn send(
        &self,
        protocol: Protocol,
        statement: &Statement,
        values: &[Argument],
    ) -> Result<Answer, sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        let mut parts = match protocol {
            Protocol::Prepared => connection.fetch_many(statement.prepared(values)?),
            Protocol::Simple => {
                let text = AssertSqlSafe(statement.written(values));
                connection.fetch_many(sqlx::raw_sql(text))
            }
        };
        let mut answer = Answer::default();
        while let Some(part) = parts.try_next().await? {
            match part {
                Either::Left(done) => answer.affected += done.rows_affected(),
                Either::Right(row) => answer.rows.push(row),
            }
        }
        Ok(answer)
    }
}
