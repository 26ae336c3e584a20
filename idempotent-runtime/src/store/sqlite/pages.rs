//! Listings: pages of rows without their outcomes, each of a bounded number of rows of one index.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use super::rows;
use super::texts::listed_columns;
use crate::clock::Timestamp;
use crate::identity::RecordId;
use crate::store::sql::pages::{ListedRow, page};
use crate::store::{List, Page, StoreError, Which};

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
        Ok(match list.which {
            Which::Abandoned | Which::RunningLongerThan(_) => Self::Running(list.after_record()?),
            Which::ExpiringWithin(_) => Self::Ending(list.after_moment()?),
            _ => Self::All(list.after_record()?),
        })
    }

    /// The texts of all pages, for their plans.
    #[cfg(test)]
    pub(super) fn texts() -> [String; 3] {
        [RUNNING, ALL, ENDING].map(text)
    }
}

/// Reads a page.
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
    page(
        list,
        is_last,
        found.iter().filter_map(|row| listed(row, now)).map(Ok),
    )
}

fn listed(row: &SqliteRow, now: Timestamp) -> Option<ListedRow> {
    let (record, found) = rows::read(row)?;
    Some(ListedRow {
        record,
        expires_at: row.try_get("expires_at").ok(),
        row: found.map(|row| (now, row)).map_err(StoreError::corrupt),
    })
}

fn text(rows: &str) -> String {
    let columns = listed_columns();
    format!("SELECT {columns} FROM idempotency_records WHERE {rows}")
}
