//! Rows as they are read.

use sqlx::postgres::PgRow;
use sqlx::{Column as _, Decode, Postgres, Row as _, Type, TypeInfo as _};

use crate::clock::Timestamp;
use crate::hex;
use crate::identity::{AttemptId, RecordId};
use crate::store::StoreError;
use crate::store::columns::{Columns, CorruptColumn, state};
use crate::store::transition::Row;

/// The names of the columns, as errors give them. A listed row has its record behind them.
const NAMES: [&str; 18] = [
    "now",
    "fingerprint",
    "attempt",
    "state",
    "lease_until",
    "taken_from",
    "expires_at",
    "status",
    "headers",
    "body",
    "namespace",
    "operation",
    "claimed_at",
    "generation",
    "abandoned",
    "keep_abandoned",
    "extra",
    "record",
];

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
        status: column::<Option<i32>>(row, 7)?
            .map(u16::try_from)
            .transpose()
            .map_err(|error| CorruptColumn::new("status", error))?,
        headers: bytes(row, 8)?,
        body: bytes(row, 9)?,
        namespace: column(row, 10)?,
        operation: column(row, 11)?,
        claimed_at: column(row, 12)?,
        generation: bytes(row, 13)?,
        abandoned: i64::from(column::<i32>(row, 14)?),
        keep: column(row, 15)?,
        extra: bytes(row, 16)?,
    };
    let columns = without_earlier_generation(columns);
    Ok((Timestamp::from_millis(now), columns.into_row()?))
}

/// A row of a listing.
pub(super) struct Listed {
    pub(super) record: RecordId,
    /// When it expires, by its column alone.
    pub(super) expires_at: Option<i64>,
    pub(super) row: Result<(Timestamp, Row), StoreError>,
}

/// A listed row, which has its record behind it. Where the rest can't be read, the listing must still get past it.
pub(super) fn read_listed(row: &PgRow) -> Result<Listed, StoreError> {
    let record = required(row, 17)?;
    let record =
        <[u8; 32]>::try_from(record).map_err(|_| CorruptColumn::new("record", WrongLength))?;
    Ok(Listed {
        record: RecordId::from_bytes(record),
        expires_at: column(row, 6)?,
        row: read(row),
    })
}

/// A record and an attempt, as `renew_all` shows what it renewed.
pub(super) fn read_renewed(row: &PgRow) -> Result<(RecordId, AttemptId), StoreError> {
    let (record, attempt) = (required(row, 0)?, required(row, 1)?);
    let record =
        <[u8; 32]>::try_from(record).map_err(|_| CorruptColumn::new("record", WrongLength))?;
    let attempt =
        <[u8; 16]>::try_from(attempt).map_err(|_| CorruptColumn::new("attempt", WrongLength))?;
    Ok((RecordId::from_bytes(record), AttemptId::from_bytes(attempt)))
}

/// A process of an earlier release that makes a record anew leaves in the columns that it does not know what the last
/// generation had. The first attempt of a generation names it, so such a row is told by its generation.
fn without_earlier_generation(columns: Columns) -> Columns {
    let is_first = columns.state == state::RUNNING && columns.taken_from.is_none();
    if !is_first || columns.generation.as_ref() == Some(&columns.attempt) {
        return columns;
    }
    Columns {
        claimed_at: None,
        generation: None,
        abandoned: 0,
        extra: None,
        ..columns
    }
}

fn column<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
    row: &'r PgRow,
    index: usize,
) -> Result<T, CorruptColumn> {
    row.try_get(index).map_err(|error| match error {
        sqlx::Error::ColumnDecode { source, .. } => CorruptColumn::new(NAMES[index], source),
        other => CorruptColumn::new(NAMES[index], other),
    })
}

/// Bytes, which are digits in the answer to a text.
fn bytes(row: &PgRow, index: usize) -> Result<Option<Vec<u8>>, CorruptColumn> {
    if row.column(index).type_info().name() != "TEXT" {
        return column(row, index);
    }
    let digits: Option<&str> = column(row, index)?;
    let bytes = digits.map(|digits| {
        hex::parse(digits).ok_or_else(|| CorruptColumn::new(NAMES[index], "not hexadecimal digits"))
    });
    bytes.transpose()
}

fn required(row: &PgRow, index: usize) -> Result<Vec<u8>, CorruptColumn> {
    bytes(row, index)?.ok_or_else(|| CorruptColumn::new(NAMES[index], "it is null"))
}

#[derive(Debug, thiserror::Error)]
#[error("it has the wrong length")]
struct WrongLength;
