//! Rows as they are read.

use sqlx::mysql::MySqlRow;
use sqlx::{Decode, MySql, Row as _, Type};

use crate::clock::Timestamp;
use crate::store::StoreError;
use crate::store::columns::{Columns, CorruptColumn};
use crate::store::transition::Row;

/// The names of the columns, behind the time, as errors give them.
const NAMES: [&str; 10] = [
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
];

/// The server's time, and the row that it was read with.
pub(super) fn read(row: &MySqlRow) -> Result<(Timestamp, Row), StoreError> {
    let now: i64 = column(row, 0)?;
    let status: Option<u16> = column(row, 7)?;
    // Under MariaDB's `EMPTY_STRING_IS_NULL`, empty bytes are written as null.
    let bytes = |index| -> Result<Option<Vec<u8>>, CorruptColumn> {
        let bytes = column::<Option<Vec<u8>>>(row, index)?;
        Ok(bytes.or_else(|| status.map(|_| Vec::new())))
    };
    let columns = Columns {
        fingerprint: column(row, 1)?,
        attempt: column(row, 2)?,
        state: column(row, 3)?,
        lease_until: column(row, 4)?,
        taken_from: column(row, 5)?,
        expires_at: column(row, 6)?,
        status,
        headers: bytes(8)?,
        body: bytes(9)?,
    };
    Ok((Timestamp::from_millis(now), columns.into_row()?))
}

fn column<'r, T: Decode<'r, MySql> + Type<MySql>>(
    row: &'r MySqlRow,
    index: usize,
) -> Result<T, CorruptColumn> {
    row.try_get(index).map_err(|error| match error {
        sqlx::Error::ColumnDecode { source, .. } => CorruptColumn::new(NAMES[index], source),
        other => CorruptColumn::new(NAMES[index], other),
    })
}
