//! Listings: pages of rows without their outcomes, each of a bounded number of rows of one index.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use super::rows;
use super::texts::listed_columns;
use crate::clock::Timestamp;
use crate::identity::RecordId;
use crate::store::transition;
use crate::store::{Cursor, InvalidCursor, List, Page, StoreError, Which};

/// The most rows that one page looks at: they are read between two batches of claims.
const LOOKED_AT: usize = 1_000;

/// What runs, in the order of ids, by an index of its own.
const RUNNING: &str = "phase = 'running' AND record_id > ? ORDER BY record_id LIMIT ?";
/// Everything, in the order of ids.
const ALL: &str = "record_id > ? ORDER BY record_id LIMIT ?";
/// What has an end, in the order of ends, by their index.
const ENDING: &str = "expires_at IS NOT NULL AND expires_at >= ? AND (expires_at, record_id) > (?, ?) \
    AND expires_at <= ? ORDER BY expires_at, record_id LIMIT ?";

/// Where a page begins, in the order of its index.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start {
    Running(Option<RecordId>),
    All(Option<RecordId>),
    Ending(Option<(Timestamp, RecordId)>),
}

impl Start {
    pub(super) fn of(list: &List) -> Result<Self, StoreError> {
        let cursor = list.after.as_ref();
        let by_id = || {
            cursor
                .map(|it| it.record().ok_or(InvalidCursor))
                .transpose()
                .map_err(StoreError::not_sent)
        };
        Ok(match list.which {
            Which::Abandoned | Which::RunningLongerThan(_) => Self::Running(by_id()?),
            Which::ExpiringWithin(_) => {
                let cursor = cursor.map(|it| it.moment().ok_or(InvalidCursor));
                Self::Ending(cursor.transpose().map_err(StoreError::not_sent)?)
            }
            _ => Self::All(by_id()?),
        })
    }

    /// The texts of all pages, for their plans.
    #[cfg(test)]
    pub(super) fn texts() -> [String; 3] {
        [RUNNING, ALL, ENDING].map(text)
    }

    /// The cursor of the page that begins behind a row, which need not be one that can be read otherwise.
    fn cursor(self, record: RecordId, row: &SqliteRow) -> Option<Cursor> {
        match self {
            Self::Ending(_) => {
                let at = row.try_get("expires_at").ok()?;
                Some(Cursor::behind_moment(Timestamp::from_millis(at), record))
            }
            _ => Some(Cursor::behind(record)),
        }
    }
}

/// Reads a page. A row that cannot be read is left out, and the log says so: it must not hide what is behind it.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    list: &List,
    start: Start,
    now: Timestamp,
) -> Result<Page, sqlx::Error> {
    let looked_at = i64::try_from(LOOKED_AT).unwrap_or(i64::MAX);
    let id = |record: Option<RecordId>| record.map_or(Vec::new(), |it| it.as_bytes().to_vec());
    let found = match start {
        Start::Running(after) => {
            let query = sqlx::query(AssertSqlSafe(text(RUNNING))).bind(id(after));
            query.bind(looked_at).fetch_all(connection).await?
        }
        Start::All(after) => {
            let query = sqlx::query(AssertSqlSafe(text(ALL))).bind(id(after));
            query.bind(looked_at).fetch_all(connection).await?
        }
        Start::Ending(after) => {
            let within = match list.which {
                Which::ExpiringWithin(time) => now.saturating_add(time),
                _ => Timestamp::from_millis(i64::MAX),
            };
            let (at, record) = after.map_or((now, None), |(at, record)| (at, Some(record)));
            let query = sqlx::query(AssertSqlSafe(text(ENDING)))
                .bind(at.as_millis())
                .bind(at.as_millis())
                .bind(id(record))
                .bind(within.as_millis());
            query.bind(looked_at).fetch_all(connection).await?
        }
    };
    let is_last = found.len() < LOOKED_AT;
    let mut records = Vec::new();
    let mut last = None;
    for stored in &found {
        let Some((record, row)) = rows::read(stored) else {
            continue;
        };
        last = start.cursor(record, stored).or(last);
        let row = match row {
            Ok(row) => row,
            Err(corrupt) => {
                tracing::warn!(%record, %corrupt, "a listing leaves out a record that cannot be read");
                continue;
            }
        };
        records.extend(transition::listed(record, &row, list, now));
        if records.len() >= list.limit {
            return Ok(Page::new(records, last));
        }
    }
    let next = last.filter(|_| !is_last);
    Ok(Page::new(records, next))
}

fn text(rows: &str) -> String {
    let columns = listed_columns();
    format!("SELECT {columns} FROM idempotency_records WHERE {rows}")
}
