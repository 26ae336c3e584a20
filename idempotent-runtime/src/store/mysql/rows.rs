//! Rows as they are read.

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use super::statements::NEVER;
use crate::clock::Timestamp;
use crate::identity::RecordId;
use crate::store::StoreError;
use crate::store::columns::{Columns, CorruptColumn, array};
use crate::store::sql::pages::ListedRow;
use crate::store::sql::rows::{column, corrupt};
use crate::store::transition::Row;

/// Where a row of a listing has its id.
const RECORD: usize = 14;

/// The server's time, and the row that it was read with.
pub(super) fn read(row: &MySqlRow) -> Result<(Timestamp, Row), StoreError> {
    let status: Option<u16> = column(row, 14)?;
    // Under MariaDB's `EMPTY_STRING_IS_NULL`, empty bytes are written as null.
    let bytes = |index| -> Result<Option<Vec<u8>>, CorruptColumn> {
        let bytes = column::<_, Option<Vec<u8>>>(row, index)?;
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

/// A row of a listing. If the rest can't be read, the listing must still get past it.
pub(super) fn read_listed(row: &MySqlRow) -> Result<ListedRow, StoreError> {
    Ok(ListedRow {
        record: id(row, RECORD)?,
        expires_at: column(row, 6)?,
        row: read_without_outcome(row),
    })
}

fn read_without_outcome(row: &MySqlRow) -> Result<(Timestamp, Row), StoreError> {
    Ok((now(row)?, without_outcome(row)?.into_row()?))
}

/// The id in this column.
pub(super) fn id(row: &MySqlRow, index: usize) -> Result<RecordId, CorruptColumn> {
    let bytes: &[u8] = column(row, index)?;
    Ok(RecordId::from_bytes(array("record", bytes)?))
}

/// The state of a row on a sweep's page, and whether the row may be removed.
pub(super) fn standing(row: &MySqlRow) -> Result<(i16, bool), CorruptColumn> {
    let removable: i64 = row
        .try_get_unchecked(2)
        .map_err(|error| corrupt(row, 2, error))?;
    Ok((column(row, 1)?, removable != 0))
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
    Ok(columns.without_earlier_generation())
}

fn text(row: &MySqlRow, index: usize) -> Result<String, CorruptColumn> {
    let bytes: Option<Vec<u8>> = column(row, index)?;
    String::from_utf8(bytes.unwrap_or_default()).map_err(|error| corrupt(row, index, error))
}
