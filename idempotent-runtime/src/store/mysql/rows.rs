//! Rows as they are read.

use sqlx::mysql::MySqlRow;
use sqlx::{Decode, MySql, Row as _, Type};

use super::statements::NEVER;
use crate::clock::Timestamp;
use crate::identity::RecordId;
use crate::store::StoreError;
use crate::store::columns::{Columns, CorruptColumn, state};
use crate::store::transition::Row;

/// The names of the columns, behind the time, as errors give them.
const NAMES: [&str; 17] = [
    "now",
    "fingerprint",
    "attempt",
    "state",
    "lease_until",
    "taken_from",
    "expires_at",
    "namespace",
    "operation",
    "claimed_at",
    "generation",
    "abandoned",
    "keep_abandoned",
    "extra",
    "status",
    "headers",
    "body",
];

/// Where a row of a listing has its id.
const RECORD: usize = 14;

/// The server's time, and the row that it was read with.
pub(super) fn read(row: &MySqlRow) -> Result<(Timestamp, Row), StoreError> {
    let status: Option<u16> = column(row, 14)?;
    // Under MariaDB's `EMPTY_STRING_IS_NULL`, empty bytes are written as null.
    let bytes = |index| -> Result<Option<Vec<u8>>, CorruptColumn> {
        let bytes = column::<Option<Vec<u8>>>(row, index)?;
        Ok(bytes.or_else(|| status.map(|_| Vec::new())))
    };
    let columns = Columns {
        status,
        headers: bytes(15)?,
        body: bytes(16)?,
        ..without_outcome(row)?
    };
    Ok((now(row)?, columns.into_row()?))
}

/// The server's time, and a row of a listing.
pub(super) fn read_listed(row: &MySqlRow) -> Result<(Timestamp, Row), StoreError> {
    Ok((now(row)?, without_outcome(row)?.into_row()?))
}

/// The id of a row of a listing, and when it expires, which is where the next page begins.
pub(super) fn place(row: &MySqlRow) -> Result<(RecordId, i64), StoreError> {
    let expires_at: Option<i64> = column(row, 6)?;
    Ok((id(row, RECORD)?, expires_at.unwrap_or_default()))
}

/// The id in this column.
pub(super) fn id(row: &MySqlRow, index: usize) -> Result<RecordId, CorruptColumn> {
    let bytes: &[u8] = column_named(row, index, "record")?;
    let bytes = bytes
        .try_into()
        .map_err(|error| CorruptColumn::new("record", error))?;
    Ok(RecordId::from_bytes(bytes))
}

/// How far a row of a sweep's page is, and whether it may be removed.
pub(super) fn standing(row: &MySqlRow) -> Result<(i16, bool), CorruptColumn> {
    let removable: i64 = row
        .try_get_unchecked(2)
        .map_err(|error| CorruptColumn::new("lease_until", error))?;
    Ok((column_named(row, 1, "state")?, removable != 0))
}

fn now(row: &MySqlRow) -> Result<Timestamp, CorruptColumn> {
    column(row, 0).map(Timestamp::from_millis)
}

fn without_outcome(row: &MySqlRow) -> Result<Columns, CorruptColumn> {
    let expires_at: Option<i64> = column(row, 6)?;
    let columns = Columns {
        fingerprint: column(row, 1)?,
        attempt: column(row, 2)?,
        state: column(row, 3)?,
        lease_until: column(row, 4)?,
        taken_from: column(row, 5)?,
        expires_at: expires_at.filter(|&at| at != NEVER),
        namespace: text(row, 7)?,
        operation: text(row, 8)?,
        claimed_at: column(row, 9)?,
        generation: column(row, 10)?,
        abandoned: column(row, 11)?,
        keep: column(row, 12)?,
        extra: column(row, 13)?,
        ..Columns::default()
    };
    Ok(without_earlier_generation(columns))
}

/// An earlier release that makes a record anew leaves here what it doesn't know.
fn without_earlier_generation(columns: Columns) -> Columns {
    let is_first = columns.state == state::RUNNING && columns.taken_from.is_none();
    if !is_first || columns.generation.as_ref() == Some(&columns.attempt) {
        return columns;
    }
    Columns {
        generation: None,
        abandoned: 0,
        claimed_at: None,
        extra: None,
        ..columns
    }
}

fn text(row: &MySqlRow, index: usize) -> Result<String, CorruptColumn> {
    let bytes: Option<Vec<u8>> = column(row, index)?;
    String::from_utf8(bytes.unwrap_or_default())
        .map_err(|error| CorruptColumn::new(NAMES[index], error))
}

fn column<'r, T: Decode<'r, MySql> + Type<MySql>>(
    row: &'r MySqlRow,
    index: usize,
) -> Result<T, CorruptColumn> {
    column_named(row, index, NAMES[index])
}

fn column_named<'r, T: Decode<'r, MySql> + Type<MySql>>(
    row: &'r MySqlRow,
    index: usize,
    name: &'static str,
) -> Result<T, CorruptColumn> {
    row.try_get(index).map_err(|error| match error {
        sqlx::Error::ColumnDecode { source, .. } => CorruptColumn::new(name, source),
        other => CorruptColumn::new(name, other),
    })
}
