//! Rows as they are read.

use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row as _, Type};

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
pub(super) fn read(row: &PgRow) -> Result<(Timestamp, Row), StoreError> {
    let now: i64 = column(row, 0)?;
    let columns = Columns {
        fingerprint: column(row, 1)?,
        attempt: column(row, 2)?,
        state: column(row, 3)?,
        lease_until: column(row, 4)?,
        taken_from: column(row, 5)?,
        expires_at: column(row, 6)?,
        status: column::<Option<i32>>(row, 7)?
            .map(u16::try_from)
            .transpose()
            .map_err(|error| CorruptColumn::new("status", error))?,
        headers: column(row, 8)?,
        body: column(row, 9)?,
    };
    Ok((Timestamp::from_millis(now), columns.into_row()?))
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
