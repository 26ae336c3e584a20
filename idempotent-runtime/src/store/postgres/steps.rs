//! Steps on their way to the server and back.

use std::collections::HashSet;
use std::error::Error as _;
use std::sync::Arc;

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Postgres};

use super::arguments::{Argument, prepared, written};
use super::error::{lacks_partition, to_store_error};
use super::options::{Layout, Names, PostgresStoreOptions, Protocol};
use super::partitions::Days;
use super::rows::{self, Listed};
use super::statements::Statements;
use super::survives;
use crate::identity::{AttemptId, RecordId};
use crate::store::columns::{KeptChanging, LOOKS, claimed, millis};
use crate::store::sql::connections::{Connections, Lane, NoConnection, answer};
use crate::store::{
    Claim, Claimed, Cursor, Fence, InvalidCursor, List, Page, Record, Renewal, StoreError,
    Survives, Takeover, Which, transition,
};

/// The most rows that one statement sweeps: few enough that a claim of one of them waits for milliseconds.
const SWEEP_AT_ONCE: usize = 500;

/// The most leases that one statement renews.
const RENEWED_AT_ONCE: usize = 500;

/// How many rows a page looks at, if it may not hold more.
const LOOKED_AT: usize = 500;

/// What all clones of a store share.
pub(super) struct Shared {
    pub(super) connections: Connections<Postgres>,
    pub(super) names: Names,
    pub(super) options: PostgresStoreOptions,
    pub(super) statements: Statements,
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

/// Sends a text.
pub(super) async fn send(
    connections: &Connections<Postgres>,
    lane: Lane,
    text: impl Into<String>,
) -> Result<Vec<PgRow>, Failed> {
    let mut lease = connections.acquire(lane).await?;
    let query = sqlx::raw_sql(AssertSqlSafe(text.into()));
    let rows = answer(query.fetch_all(lease.connection())).await;
    lease.answered(rows).map_err(Failed::Sent)
}

impl Shared {
    /// Another time than the server's.
    pub(super) fn now(&self) -> Option<i64> {
        let clock = self.options.clock.as_ref()?;
        Some(clock.now().as_millis())
    }

    pub(super) fn time(&self) -> Argument {
        Argument::Int(self.now())
    }

    pub(super) fn days(&self) -> Days<'_> {
        Days::new(&self.connections, &self.names, self.now())
    }

    pub(super) async fn claim(&self, claim: Claim) -> Result<Claimed, StoreError> {
        for _ in 0..LOOKS {
            let arguments = self.claim_arguments(&claim);
            let rows = self.fetch_in_its_day(&self.statements.claim, &arguments);
            let Some(row) = rows.await?.pop() else {
                continue;
            };
            let (now, row) = rows::read(&row)?;
            if let Some(claimed) = claimed(Some(&row), &claim, now) {
                return Ok(claimed);
            }
        }
        Err(StoreError::unknown(KeptChanging))
    }

    pub(super) async fn withdraw(&self, claim: Claim) -> Result<Fence, StoreError> {
        let arguments = self.claim_arguments(&claim);
        let statement = &self.statements.withdraw;
        let changed = match self.execute(Lane::Attempts, statement, &arguments).await {
            Err(Failed::Sent(error)) if lacks_partition(&error) => {
                self.days().make(Lane::Attempts).await?;
                self.execute(Lane::Attempts, statement, &arguments).await?
            }
            changed => changed?,
        };
        Ok(fence(changed))
    }

    fn claim_arguments(&self, claim: &Claim) -> Vec<Argument> {
        let (takeover, from, most) = match claim.takeover {
            Takeover::Never => (0, None, None),
            Takeover::Abandoned => (1, None, None),
            Takeover::From(seen) => (2, Some(seen), None),
            Takeover::UpTo(most) => (3, None, Some(i64::from(most))),
        };
        vec![
            Argument::bytes(claim.record.as_bytes()),
            Argument::bytes(claim.fingerprint.as_bytes()),
            Argument::bytes(claim.attempt.as_bytes()),
            Argument::int(millis(claim.lease)),
            Argument::int(takeover),
            from.map_or(Argument::Bytes(None), |from| {
                Argument::bytes(from.as_bytes())
            }),
            Argument::Int(most),
            Argument::Int(claim.keep_abandoned.map(millis)),
            Argument::text(claim.label.namespace()),
            Argument::text(claim.label.operation()),
            self.time(),
        ]
    }

    /// Where the row's day has no partition, because nothing was swept for days, the day is made first.
    async fn fetch_in_its_day(
        &self,
        text: &Arc<str>,
        arguments: &[Argument],
    ) -> Result<Vec<PgRow>, StoreError> {
        match self.fetch(Lane::Claims, text, arguments).await {
            Err(Failed::Sent(error)) if lacks_partition(&error) => {
                self.days().make(Lane::Claims).await?;
                Ok(self.fetch(Lane::Claims, text, arguments).await?)
            }
            rows => Ok(rows?),
        }
    }

    /// Does a step of an attempt that changes a row if the attempt holds it.
    pub(super) async fn fenced(
        &self,
        statement: fn(&Statements) -> &Arc<str>,
        arguments: Vec<Argument>,
    ) -> Result<Fence, StoreError> {
        let statement = statement(&self.statements);
        let changed = self.execute(Lane::Attempts, statement, &arguments).await?;
        Ok(fence(changed))
    }

    pub(super) async fn renew(&self, renewal: Renewal) -> Result<Fence, StoreError> {
        let arguments = vec![
            Argument::bytes(renewal.record.as_bytes()),
            Argument::bytes(renewal.attempt.as_bytes()),
            Argument::int(millis(renewal.lease)),
            self.time(),
        ];
        self.fenced(|statements| &statements.renew, arguments).await
    }

    /// In one statement. What another step has just locked is left out by it, and renewed alone.
    pub(super) async fn renew_all(&self, renewals: &[Renewal]) -> Vec<Result<Fence, StoreError>> {
        let mut answers = Vec::with_capacity(renewals.len());
        for renewals in renewals.chunks(RENEWED_AT_ONCE) {
            // What fails is asked one by one, and says so there.
            let renewed = match renewals {
                [_] => HashSet::new(),
                _ => self.renew_together(renewals).await.unwrap_or_default(),
            };
            let each = renewals.iter().map(|it| async {
                if renewed.contains(&(it.record, it.attempt)) {
                    Ok(Fence::Held)
                } else {
                    self.renew(*it).await
                }
            });
            answers.extend(futures_util::future::join_all(each).await);
        }
        answers
    }

    async fn renew_together(
        &self,
        renewals: &[Renewal],
    ) -> Result<HashSet<(RecordId, AttemptId)>, StoreError> {
        let arguments = [
            Argument::AllBytes(
                renewals
                    .iter()
                    .map(|it| it.record.as_bytes().to_vec())
                    .collect(),
            ),
            Argument::AllBytes(
                renewals
                    .iter()
                    .map(|it| it.attempt.as_bytes().to_vec())
                    .collect(),
            ),
            Argument::AllInts(renewals.iter().map(|it| millis(it.lease)).collect()),
            self.time(),
        ];
        let rows = self
            .fetch(Lane::Attempts, &self.statements.renew_all, &arguments)
            .await?;
        rows.iter().map(rows::read_renewed).collect()
    }

    pub(super) async fn load(&self, record: RecordId) -> Result<Option<Record>, StoreError> {
        let arguments = [Argument::bytes(record.as_bytes()), self.time()];
        let rows = self
            .fetch(Lane::Claims, &self.statements.load, &arguments)
            .await?;
        let row = rows.first().map(rows::read).transpose()?;
        Ok(row.and_then(|(now, row)| transition::load(Some(&row), now)))
    }

    pub(super) async fn list(&self, list: List) -> Result<Page, StoreError> {
        let looked_at = list.limit.clamp(LOOKED_AT, List::LARGEST_PAGE);
        let limit = Argument::int(i64::try_from(looked_at).unwrap_or(i64::MAX));
        let (statement, arguments) = match list.which {
            Which::ExpiringWithin(time) => {
                let (expires_at, record) = Expiring::read(list.after.as_ref())?;
                let (record, time) = (Argument::bytes(&record), Argument::int(millis(time)));
                let arguments = vec![record, Argument::int(expires_at), time, limit, self.time()];
                (&self.statements.list_expiring, arguments)
            }
            which => {
                let record = behind(list.after.as_ref())?;
                let arguments = vec![Argument::bytes(&record), limit, self.time()];
                let is_running = matches!(which, Which::Abandoned | Which::RunningLongerThan(_));
                if is_running {
                    (&self.statements.list_running, arguments)
                } else {
                    (&self.statements.list, arguments)
                }
            }
        };
        let rows = self.fetch(Lane::Claims, statement, &arguments).await?;
        let mut records = Vec::new();
        let mut last = None;
        let is_last_page = rows.len() < looked_at;
        for (place, row) in rows.iter().enumerate() {
            // What has no record id of its own can't be passed by: no page can begin behind it.
            let Listed {
                record,
                expires_at,
                row,
            } = rows::read_listed(row)?;
            match row {
                Ok((now, row)) => records.extend(transition::listed(record, &row, &list, now)),
                Err(error) => {
                    let corrupt = error.source().map(ToString::to_string);
                    tracing::warn!(%record, corrupt, "a listing leaves out a record that cannot be read");
                }
            }
            last = Some(match list.which {
                Which::ExpiringWithin(_) => Expiring::cursor(expires_at, record),
                _ => Cursor::behind(record),
            });
            if records.len() >= list.limit && (place + 1 < rows.len() || !is_last_page) {
                return Ok(Page::new(records, last));
            }
        }
        Ok(Page::new(records, last.filter(|_| !is_last_page)))
    }

    pub(super) async fn sweep(&self, limit: usize) -> Result<usize, StoreError> {
        if self.options.layout == Layout::PartitionedByDay {
            self.days().turn().await?;
            return Ok(0);
        }
        let mut swept = 0;
        for statement in [&self.statements.sweep, &self.statements.sweep_lapsed] {
            while swept < limit {
                let at_once = SWEEP_AT_ONCE.min(limit - swept);
                let arguments = [
                    Argument::int(i64::try_from(at_once).unwrap_or(i64::MAX)),
                    self.time(),
                ];
                let removed = self.execute(Lane::Claims, statement, &arguments).await?;
                let removed = usize::try_from(removed).unwrap_or(usize::MAX);
                swept += removed;
                if removed < at_once {
                    break;
                }
            }
        }
        Ok(swept)
    }

    async fn fetch(
        &self,
        lane: Lane,
        text: &Arc<str>,
        arguments: &[Argument],
    ) -> Result<Vec<PgRow>, Failed> {
        let mut lease = self.connections.acquire(lane).await?;
        let rows = match self.options.protocol {
            Protocol::Prepared => {
                let query = prepared(text, arguments);
                answer(query.fetch_all(lease.connection())).await
            }
            Protocol::Simple => {
                let query = sqlx::raw_sql(written(text, arguments));
                answer(query.fetch_all(lease.connection())).await
            }
        };
        lease.answered(rows).map_err(Failed::Sent)
    }

    /// How many rows were changed.
    async fn execute(
        &self,
        lane: Lane,
        text: &Arc<str>,
        arguments: &[Argument],
    ) -> Result<u64, Failed> {
        let mut lease = self.connections.acquire(lane).await?;
        let done = match self.options.protocol {
            Protocol::Prepared => {
                let query = prepared(text, arguments);
                answer(query.execute(lease.connection())).await
            }
            Protocol::Simple => {
                let query = sqlx::raw_sql(written(text, arguments));
                answer(query.execute(lease.connection())).await
            }
        };
        let done = lease.answered(done).map_err(Failed::Sent)?;
        Ok(done.rows_affected())
    }

    pub(super) async fn survives(&self) -> Result<Survives, StoreError> {
        let rows = send(&self.connections, Lane::Claims, survives::SETTINGS).await?;
        let survives = rows.first().ok_or(sqlx::Error::RowNotFound);
        survives.and_then(survives::read).map_err(to_store_error)
    }
}

fn fence(changed: u64) -> Fence {
    if changed == 0 {
        Fence::Lost
    } else {
        Fence::Held
    }
}

/// The id behind which a page in the order of ids begins.
fn behind(after: Option<&Cursor>) -> Result<Vec<u8>, StoreError> {
    let Some(cursor) = after else {
        return Ok(Vec::new());
    };
    let record = cursor.record().ok_or_else(invalid_cursor)?;
    Ok(record.as_bytes().to_vec())
}

fn invalid_cursor() -> StoreError {
    StoreError::not_sent(InvalidCursor)
}

/// Where a page in the order of expiry ends: the time in eight bytes, then the record.
struct Expiring;

impl Expiring {
    fn read(after: Option<&Cursor>) -> Result<(i64, Vec<u8>), StoreError> {
        let Some(cursor) = after else {
            return Ok((i64::MIN, Vec::new()));
        };
        match cursor.as_bytes().split_first_chunk() {
            Some((time, record)) if record.len() == 32 => {
                Ok((i64::from_be_bytes(*time), record.to_vec()))
            }
            _ => Err(invalid_cursor()),
        }
    }

    fn cursor(expires_at: Option<i64>, record: RecordId) -> Cursor {
        let at = expires_at.unwrap_or(i64::MAX);
        Cursor::from_bytes([&at.to_be_bytes()[..], record.as_bytes()].concat())
    }
}
