//! Rows as they are read.

use sqlx::postgres::PgRow;
use sqlx::{Column as _, Row as _, TypeInfo as _};

use crate::clock::Timestamp;
use crate::hex;
use crate::identity::{AttemptId, RecordId};
use crate::store::StoreError;
use crate::store::columns::{Columns, CorruptColumn, array};
use crate::store::sql::pages::ListedRow;
use crate::store::sql::rows::{column, corrupt};
use crate::store::transition::Row;

/// Where a listed row has its record.
const RECORD: usize = 17;

/// The server's time, and the row that it was read with.
pub(super) fn read(row: &PgRow) -> Result<(Timestamp, Row), StoreError> {
    let now: i64 = column(row, 0)?;
    let columns = Columns {
        fingerprint: required(row, 1)?,
        attempt: required(row, 2)?,
        state: column(row, 3)?,
        lease_until: column(row, 4)?,
        taken_from: bytes(row, 5)?,
        expires_at: column(row, 6)?,
        status: column::<_, Option<i32>>(row, 7)?
            .map(u16::try_from)
            .transpose()
            .map_err(|error| corrupt(row, 7, error))?,
        headers: bytes(row, 8)?,
        body: bytes(row, 9)?,
        namespace: column(row, 10)?,
        operation: column(row, 11)?,
        claimed_at: column(row, 12)?,
        generation: bytes(row, 13)?,
        abandoned: i64::from(column::<_, i32>(row, 14)?),
        keep: column(row, 15)?,
        extra: bytes(row, 16)?,
    };
    let row = columns.without_earlier_generation().into_row()?;
    Ok((Timestamp::from_millis(now), row))
}

/// A row of a listing. If the rest can't be read, the listing must still get past it.
pub(super) fn read_listed(row: &PgRow) -> Result<ListedRow, StoreError> {
    Ok(ListedRow {
        record: RecordId::from_bytes(array("record", &required(row, RECORD)?)?),
        expires_at: column(row, 6)?,
        row: read(row),
    })
}

/// A record and an attempt, as `renew_all` shows what it renewed.
pub(super) fn read_renewed(row: &PgRow) -> Result<(RecordId, AttemptId), StoreError> {
    let record = array("record", &required(row, 0)?)?;
    let attempt = array("attempt", &required(row, 1)?)?;
    Ok((RecordId::from_bytes(record), AttemptId::from_bytes(attempt)))
}

/// Bytes, which the answer to a text shows as digits.
fn bytes(row: &PgRow, index: usize) -> Result<Option<Vec<u8>>, CorruptColumn> {
    if row.column(index).type_info().name() != "TEXT" {
        return column(row, index);
    }
    let digits: Option<&str> = column(row, index)?;
    let bytes = digits.map(|digits| {
        hex::parse(digits).ok_or_else(|| corrupt(row, index, "not hexadecimal digits"))
    });
    bytes.transpose()
}

fn required(row: &PgRow, index: usize) -> Result<Vec<u8>, CorruptColumn> {
    bytes(row, index)?.ok_or_else(|| corrupt(row, index, "it is null"))
}
