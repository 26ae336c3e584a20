//! Reading the columns of a row.

use sqlx::{Column as _, ColumnIndex, Decode, Row, Type};

use crate::store::columns::CorruptColumn;

/// The value of a column.
pub(in crate::store) fn column<'r, R, T>(row: &'r R, index: usize) -> Result<T, CorruptColumn>
where
    R: Row,
    usize: ColumnIndex<R>,
    T: Decode<'r, R::Database> + Type<R::Database>,
{
    row.try_get(index).map_err(|error| match error {
        sqlx::Error::ColumnDecode { source, .. } => corrupt(row, index, source),
        other => corrupt(row, index, other),
    })
}

/// A column that can't be read, by the name that the statement gives it.
pub(in crate::store) fn corrupt<R: Row>(
    row: &R,
    index: usize,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> CorruptColumn {
    let name = row.columns().get(index).map_or("?", |it| it.name());
    CorruptColumn::new(name.to_owned(), error)
}
