//! Pages of a listing, made from the rows that a statement read.

use std::error::Error as _;

use crate::clock::Timestamp;
use crate::identity::RecordId;
use crate::store::transition::{self, Row};
use crate::store::{Cursor, List, Page, StoreError, Which};

/// A row that a statement read for a listing.
pub(in crate::store) struct ListedRow {
    pub(in crate::store) record: RecordId,
    /// When it expires, by its column alone.
    pub(in crate::store) expires_at: Option<i64>,
    /// The row and the store's time, or why the row can't be read.
    pub(in crate::store) row: Result<(Timestamp, Row), StoreError>,
}

/// Puts on a page what the listing shows of these rows. `is_last` says that no others follow them.
///
/// A row that can't be read is left out, and the log says so: it must not hide what comes behind it.
///
/// # Errors
///
/// That of a row without an id. It can't be passed by, because no page can begin behind it.
pub(in crate::store) fn page<E>(
    list: &List,
    is_last: bool,
    rows: impl Iterator<Item = Result<ListedRow, E>>,
) -> Result<Page, E> {
    let mut rows = rows.peekable();
    let mut records = Vec::new();
    let mut next = None;
    while let Some(row) = rows.next() {
        let row = row?;
        next = Some(match list.which {
            Which::ExpiringWithin(_) => {
                let at = Timestamp::from_millis(row.expires_at.unwrap_or(i64::MAX));
                Cursor::behind_moment(at, row.record)
            }
            _ => Cursor::behind(row.record),
        });
        match row.row {
            Ok((now, found)) => {
                records.extend(transition::listed(row.record, &found, list, now));
            }
            Err(error) => {
                let corrupt = error.source().map(ToString::to_string);
                tracing::warn!(record = %row.record, corrupt, "a listing leaves out a record that can't be read");
            }
        }
        if records.len() >= list.limit && rows.peek().is_some() {
            return Ok(Page::new(records, next));
        }
    }
    Ok(Page::new(records, next.filter(|_| !is_last)))
}
