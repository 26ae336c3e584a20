//! Going through the records of a store, a page at a time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Label, StoreError};
use crate::clock::Timestamp;
use crate::hex;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Disposition;

/// Which records to list, and where the page begins.
///
/// ```
/// use std::time::Duration;
/// use idempotent_runtime::store::{List, Which};
///
/// // What nobody has come back for, on one endpoint.
/// let list = List::new(Which::Abandoned).operation("POST /orders").limit(50);
/// // Attempts that have been running for ten minutes.
/// let slow = List::new(Which::RunningLongerThan(Duration::from_secs(600)));
/// # drop((list, slow));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct List {
    /// The state of the records.
    pub which: Which,
    /// Only records of this namespace.
    pub namespace: Option<String>,
    /// Only records of this operation, as [`Label::operation`] gives it.
    pub operation: Option<String>,
    /// Where an earlier page ended.
    pub after: Option<Cursor>,
    /// The most records that a page holds.
    pub limit: usize,
}

impl List {
    /// The most records that one page holds, whatever is asked for.
    pub const LARGEST_PAGE: usize = 1_000;

    /// The first page of these records: a hundred at most, of every namespace and operation.
    pub fn new(which: Which) -> Self {
        Self {
            which,
            namespace: None,
            operation: None,
            after: None,
            limit: 100,
        }
    }

    /// Lists only records of this namespace.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Lists only records of this operation, as [`Label::operation`] gives it.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Goes on where an earlier page ended.
    #[must_use]
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.after = Some(cursor);
        self
    }

    /// Sets the most records that a page holds, from 1 to [`LARGEST_PAGE`](Self::LARGEST_PAGE).
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit.clamp(1, Self::LARGEST_PAGE);
        self
    }

    /// The record behind which the page begins, for stores that list in the order of ids.
    pub(crate) fn after_record(&self) -> Result<Option<RecordId>, StoreError> {
        self.read_cursor(Cursor::record)
    }

    /// The moment and the record behind which the page begins, for stores that list in the order of ends.
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    pub(crate) fn after_moment(&self) -> Result<Option<(Timestamp, RecordId)>, StoreError> {
        self.read_cursor(Cursor::moment)
    }

    fn read_cursor<T>(&self, read: fn(&Cursor) -> Option<T>) -> Result<Option<T>, StoreError> {
        let read = self
            .after
            .as_ref()
            .map(|cursor| read(cursor).ok_or(InvalidCursor));
        read.transpose().map_err(StoreError::not_sent)
    }

    /// Whether a label is among those that are listed.
    pub fn matches_label(&self, label: &Label) -> bool {
        let matches = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|it| it == is);
        matches(&self.namespace, label.namespace()) && matches(&self.operation, label.operation())
    }
}

/// In which state listed records are. Records that count as absent are never listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Which {
    /// In any.
    All,
    /// Running, with a lease that has ended.
    Abandoned,
    /// Running, abandoned or not, and first claimed longer ago than this by the store's clock. A record that an
    /// earlier release made doesn't say when it was first claimed; it is listed too.
    RunningLongerThan(Duration),
    /// Done.
    Done,
    /// Done with this disposition.
    DoneWith(Disposition),
    /// Done, and expiring within this time from now, by the store's clock.
    ExpiringWithin(Duration),
}

/// Some of the records that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The records, in an order that is the store's own.
    pub records: Vec<Listed>,
    /// Where the next page begins, or `None` if this is the last one.
    ///
    /// A page looks at a bounded number of records. So it may hold fewer than its limit, or none, even if there are
    /// more.
    pub next: Option<Cursor>,
}

impl Page {
    /// A page of these records, and where the next one begins.
    pub fn new(records: Vec<Listed>, next: Option<Cursor>) -> Self {
        Self { records, next }
    }
}

/// A record in a listing, without its outcome. [`Store::load`](super::Store::load) reads that.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// Its id.
    pub record: RecordId,
    /// The attempt that holds it, or that made it what it is: what `forget` and `resolve` ask for.
    pub attempt: AttemptId,
    /// What it belongs to.
    pub label: Label,
    /// When it was first claimed, by the store's clock. `None` if an earlier release made the record.
    pub claimed_at: Option<Timestamp>,
    /// The first attempt of its generation.
    pub generation: AttemptId,
    /// How many attempts of its generation were abandoned before the one that it names.
    pub abandoned: u32,
    /// Its state.
    pub state: ListedState,
}

impl Listed {
    /// A listed record in this state, without a label and with nothing known about how it began.
    pub fn new(record: RecordId, attempt: AttemptId, state: ListedState) -> Self {
        Self {
            record,
            attempt,
            label: Label::default(),
            claimed_at: None,
            generation: attempt,
            abandoned: 0,
            state,
        }
    }
}

/// The state of a listed record. Times are by the store's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListedState {
    /// An attempt holds it.
    Running {
        /// When its lease ends or ended.
        lease_until: Timestamp,
        /// Whether the lease has ended.
        abandoned: bool,
    },
    /// It has an outcome.
    Done {
        /// What the outcome means.
        disposition: Disposition,
        /// When it expires. `None` means never.
        expires_at: Option<Timestamp>,
    },
}

/// Where a page of a listing ended. Only the store knows what it contains.
///
/// It is printed as hexadecimal digits and parsed from them, so it can be part of a URL.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor(Vec<u8>);

impl Cursor {
    /// A cursor of these bytes, as a store makes it.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes, as a store reads them back. They may come from a client, so a store checks them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The cursor behind a record, for stores that list in the order of ids.
    pub fn behind(record: RecordId) -> Self {
        Self(record.as_bytes().to_vec())
    }

    /// The cursor behind a record and the moment at which it ends, for stores that list in the order of ends.
    pub fn behind_moment(at: Timestamp, record: RecordId) -> Self {
        let mut bytes = at.as_millis().to_be_bytes().to_vec();
        bytes.extend(record.as_bytes());
        Self(bytes)
    }

    /// What [`behind_moment`](Self::behind_moment) was given; `None` if it did not make the cursor.
    pub fn moment(&self) -> Option<(Timestamp, RecordId)> {
        let (at, record) = self.0.split_first_chunk()?;
        let record = RecordId::from_bytes(record.try_into().ok()?);
        Some((Timestamp::from_millis(i64::from_be_bytes(*at)), record))
    }

    /// The record behind which the page begins, for stores that list in the order of ids; `None` if the cursor is not
    /// one that [`behind`](Self::behind) made.
    pub fn record(&self) -> Option<RecordId> {
        Some(RecordId::from_bytes(self.0.as_slice().try_into().ok()?))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.0, f)
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({self})")
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        hex::parse(text).map(Self).ok_or(InvalidCursor)
    }
}

/// A cursor that this store did not make, or a text that is not a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this store's listings")]
pub struct InvalidCursor;
