//! Rows as SQLite keeps them: binding them to the statements of a batch, and reading them.

use std::error::Error;

use bytes::Bytes;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Decode, Row as _, Sqlite, SqliteConnection, Type};

use super::texts::{CLAIMED, COLUMNS, Text, Texts};
use crate::clock::Timestamp;
use crate::fingerprint::Fingerprint;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::{Disposition, Outcome};
use crate::store::columns::{self, CorruptColumn, millis};
use crate::store::sql::rows::{column, corrupt};
use crate::store::transition::{Phase, Row};
use crate::store::{Extra, Label};

const RUNNING: &str = "running";
const RELEASED: &str = "released";
const DONE: &str = "done";

/// The row of a record, or why it can't be read.
pub(super) type Stored = (RecordId, Result<Row, CorruptColumn>);

/// Reads the rows of these records. With `begin`, the transaction begins in the same trip to SQLite's thread.
pub(super) async fn load(
    connection: &mut SqliteConnection,
    texts: &mut Texts,
    begin: bool,
    records: &[RecordId],
) -> Result<Vec<Stored>, sqlx::Error> {
    let slots = slots(records.len());
    let mut query = sqlx::query(texts.of(Text::Load { begin, slots }));
    for record in padded(records, slots) {
        query = query.bind(record.map(|record| record.as_bytes().to_vec()));
    }
    let rows = query.fetch_all(connection).await?;
    Ok(rows.iter().filter_map(read).collect())
}

/// What a batch changes.
#[derive(Debug, Default)]
pub(super) struct Changes<'a> {
    /// Rows that claims have made anew.
    pub(super) claimed: Vec<(RecordId, &'a Row)>,
    pub(super) put: Vec<(RecordId, &'a Row)>,
    pub(super) removed: Vec<RecordId>,
}

/// Whether a row is as a claim makes it. If there was no row before, [`Changes::claimed`] may hold it.
pub(super) fn is_as_claimed(row: &Row) -> bool {
    let is_bare = matches!(
        row.phase,
        Phase::Running {
            taken_from: None,
            provisional: None,
            ..
        }
    );
    is_bare && row.extra.is_empty()
}

/// Writes and removes rows. With `commit`, the transaction ends in the same trip.
pub(super) async fn store(
    connection: &mut SqliteConnection,
    texts: &mut Texts,
    changes: &Changes<'_>,
    now: Timestamp,
    commit: bool,
) -> Result<(), sqlx::Error> {
    let claims = slots(changes.claimed.len());
    let (upserts, deletes) = (slots(changes.put.len()), slots(changes.removed.len()));
    let mut query = sqlx::query(texts.of(Text::Store {
        claims,
        upserts,
        deletes,
        commit,
    }));
    for row in padded(&changes.claimed, claims) {
        query = bind_claimed(query, row, now);
    }
    for row in padded(&changes.put, upserts) {
        query = bind_row(query, row, now);
    }
    for record in padded(&changes.removed, deletes) {
        query = query.bind(record.map(|record| record.as_bytes().to_vec()));
    }
    query.execute(connection).await?;
    Ok(())
}

/// Removes at most `limit` rows that may be removed, and returns how many.
pub(super) async fn sweep(
    connection: &mut SqliteConnection,
    limit: usize,
    now: Timestamp,
) -> Result<usize, sqlx::Error> {
    let mut swept = 0;
    for rows in [EXPIRED, LAPSED] {
        let left = i64::try_from(limit.saturating_sub(swept)).unwrap_or(i64::MAX);
        let delete = format!("DELETE FROM idempotency_records WHERE rowid IN ({rows})");
        let done = sqlx::query(AssertSqlSafe(delete))
            .bind(now.as_millis())
            .bind(left)
            .execute(&mut *connection)
            .await?;
        swept += usize::try_from(done.rows_affected()).unwrap_or(usize::MAX);
    }
    Ok(swept)
}

/// The expired rows and the old marks, by the index of expiry.
pub(super) const EXPIRED: &str = "SELECT rowid FROM idempotency_records \
    WHERE expires_at IS NOT NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?";

/// The rows that were abandoned so long ago that they count as absent, by the index of what runs.
pub(super) const LAPSED: &str = "SELECT rowid FROM idempotency_records \
    WHERE phase = 'running' AND lease_until + keep_abandoned <= ? LIMIT ?";

/// Batches are padded to a power of two, so a handful of prepared statements serves all sizes.
fn slots(rows: usize) -> usize {
    if rows == 0 {
        0
    } else {
        rows.next_power_of_two()
    }
}

fn padded<T: Copy>(items: &[T], slots: usize) -> impl Iterator<Item = Option<T>> {
    items
        .iter()
        .copied()
        .map(Some)
        .chain(std::iter::repeat(None))
        .take(slots)
}

type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

fn bind_claimed<'q>(
    query: Statement<'q>,
    row: Option<(RecordId, &Row)>,
    now: Timestamp,
) -> Statement<'q> {
    let claimed = row.and_then(|(record, row)| match row.phase {
        Phase::Running {
            lease_until, keep, ..
        } => Some((record, row, lease_until, keep)),
        _ => None,
    });
    let Some((record, row, lease_until, keep)) = claimed else {
        return CLAIMED
            .iter()
            .fold(query, |query, _| query.bind(None::<i64>));
    };
    query
        .bind(record.as_bytes().to_vec())
        .bind(row.fingerprint.as_bytes().to_vec())
        .bind(row.attempt.as_bytes().to_vec())
        .bind(RUNNING)
        .bind(lease_until.as_millis())
        .bind(row.label.namespace().to_owned())
        .bind(row.label.operation().to_owned())
        .bind(row.claimed_at.map(Timestamp::as_millis))
        .bind(row.generation.as_bytes().to_vec())
        .bind(row.abandoned)
        .bind(keep.map(millis))
        .bind(now.as_millis())
        .bind(now.as_millis())
}

fn bind_row<'q>(
    query: Statement<'q>,
    row: Option<(RecordId, &Row)>,
    now: Timestamp,
) -> Statement<'q> {
    let Some((record, row)) = row else {
        return (0..=COLUMNS.len()).fold(query, |query, _| query.bind(None::<i64>));
    };
    let query = query
        .bind(record.as_bytes().to_vec())
        .bind(row.fingerprint.as_bytes().to_vec())
        .bind(row.attempt.as_bytes().to_vec());
    let (query, expires_at, keep) = match &row.phase {
        Phase::Running {
            lease_until,
            keep,
            taken_from,
            provisional,
        } => {
            let query = query
                .bind(RUNNING)
                .bind(lease_until.as_millis())
                .bind(taken_from.map(|attempt| attempt.as_bytes().to_vec()));
            let query = bind_outcome(query, provisional.as_ref()).bind(None::<&str>);
            (bind_outcome(query, None), None, *keep)
        }
        Phase::Released { until } => {
            let query = query.bind(RELEASED).bind(None::<i64>).bind(None::<Vec<u8>>);
            let query = bind_outcome(query, None).bind(None::<&str>);
            (bind_outcome(query, None), Some(*until), None)
        }
        Phase::Done {
            disposition,
            outcome,
            expires_at,
        } => {
            let query = query.bind(DONE).bind(None::<i64>).bind(None::<Vec<u8>>);
            let query = bind_outcome(query, None).bind(disposition.as_str());
            (bind_outcome(query, outcome.as_ref()), *expires_at, None)
        }
    };
    let extra = (!row.extra.is_empty()).then(|| row.extra.as_bytes().to_vec());
    query
        .bind(expires_at.map(Timestamp::as_millis))
        .bind(row.label.namespace().to_owned())
        .bind(row.label.operation().to_owned())
        .bind(row.claimed_at.map(Timestamp::as_millis))
        .bind(row.generation.as_bytes().to_vec())
        .bind(row.abandoned)
        .bind(keep.map(millis))
        .bind(extra)
        .bind(now.as_millis())
}

fn bind_outcome<'q>(query: Statement<'q>, outcome: Option<&Outcome>) -> Statement<'q> {
    query
        .bind(outcome.map(Outcome::status))
        .bind(outcome.map(|outcome| outcome.headers().as_bytes().to_vec()))
        .bind(outcome.map(|outcome| outcome.body().to_vec()))
}

/// The id of a row can always be read; `None` would mean that it can't.
pub(super) fn read(row: &SqliteRow) -> Option<Stored> {
    let record = row.try_get::<&[u8], _>(0).ok()?.try_into().ok()?;
    let mut columns = Columns { row, next: 1 };
    Some((RecordId::from_bytes(record), columns.row()))
}

/// Reads the columns of a row in their order.
struct Columns<'r> {
    row: &'r SqliteRow,
    next: usize,
}

impl<'r> Columns<'r> {
    fn row(&mut self) -> Result<Row, CorruptColumn> {
        let fingerprint = self.take()?;
        let fingerprint = Fingerprint::from_bytes(self.array(fingerprint)?);
        let attempt = self.take()?;
        let attempt = AttemptId::from_bytes(self.array(attempt)?);
        let phase: &str = self.take()?;
        let of_phase = self.next - 1;
        let lease_until = self.take::<Option<i64>>()?.map(Timestamp::from_millis);
        let taken_from = match self.take()? {
            Some(bytes) => Some(AttemptId::from_bytes(self.array(bytes)?)),
            None => None,
        };
        let provisional = self.outcome()?;
        let disposition = match self.take()? {
            Some(name) => Some(
                Disposition::from_name(name).ok_or_else(|| self.invalid("its name is unknown"))?,
            ),
            None => None,
        };
        let outcome = self.outcome()?;
        let expires_at = self.take::<Option<i64>>()?.map(Timestamp::from_millis);
        let phase = match (phase, lease_until, disposition) {
            (RUNNING, Some(lease_until), None) => Phase::Running {
                lease_until,
                keep: None,
                taken_from,
                provisional,
            },
            (RELEASED, None, None) => Phase::Released {
                until: expires_at.unwrap_or(Timestamp::from_millis(i64::MIN)),
            },
            (DONE, None, Some(disposition)) => Phase::Done {
                disposition,
                outcome,
                expires_at,
            },
            _ => {
                return Err(corrupt(
                    self.row,
                    of_phase,
                    "it contradicts the other columns",
                ));
            }
        };
        self.generation(Row::new(fingerprint, attempt, phase))
    }

    /// The row with what belongs to its generation.
    ///
    /// A process of an earlier release may have written the row, which leaves these columns as they were. What was taken
    /// over says so, which such a process does write: a running row that was not is the first of its generation.
    fn generation(&mut self, row: Row) -> Result<Row, CorruptColumn> {
        let label = Label::new(self.take::<String>()?, self.take::<String>()?);
        let claimed_at = self.take::<Option<i64>>()?.map(Timestamp::from_millis);
        let generation = match self.take()? {
            Some(bytes) => AttemptId::from_bytes(self.array(bytes)?),
            None => row.generation,
        };
        let abandoned = self.take()?;
        let keep = self.take::<Option<i64>>()?.map(columns::keep).transpose()?;
        let extra: Option<&[u8]> = self.take()?;
        let extra = Extra::from_bytes(Bytes::copy_from_slice(extra.unwrap_or_default()))
            .map_err(|error| self.invalid(error))?;
        let mut row = Row {
            label,
            claimed_at,
            generation,
            abandoned,
            extra,
            ..row
        };
        if let Phase::Running {
            keep: kept,
            taken_from,
            ..
        } = &mut row.phase
        {
            *kept = keep;
            if taken_from.is_none() {
                (row.generation, row.abandoned) = (row.attempt, 0);
            }
        }
        Ok(row)
    }

    fn outcome(&mut self) -> Result<Option<Outcome>, CorruptColumn> {
        columns::outcome(self.take()?, self.take()?, self.take()?)
    }

    fn take<T: Decode<'r, Sqlite> + Type<Sqlite>>(&mut self) -> Result<T, CorruptColumn> {
        let index = self.next;
        self.next += 1;
        column(self.row, index)
    }

    fn array<const N: usize>(&self, bytes: &[u8]) -> Result<[u8; N], CorruptColumn> {
        bytes.try_into().map_err(|error| self.invalid(error))
    }

    /// The column that was read last is at fault.
    fn invalid(&self, why: impl Into<Box<dyn Error + Send + Sync>>) -> CorruptColumn {
        corrupt(self.row, self.next - 1, why)
    }
}
