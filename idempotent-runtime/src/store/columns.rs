//! A row as the stores on servers keep it: one small number for its state, and one outcome, which is provisional while the
//! row is running. SQLite shares parts of it.

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use bytes::Bytes;

use super::StoreError;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
use super::transition::{Phase, Row};
#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
use super::{Claim, Claimed, Extra, Label, transition};
#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
use crate::clock::Timestamp;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
use crate::fingerprint::Fingerprint;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
use crate::identity::AttemptId;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
use crate::outcome::Disposition;
use crate::outcome::{Headers, Outcome};

/// The numbers of the column `state`. They are written into statements and scripts, and never change.
#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
pub(super) mod state {
    pub(in crate::store) const RUNNING: i16 = 0;
    pub(in crate::store) const RELEASED: i16 = 1;
    pub(in crate::store) const COMPLETED: i16 = 2;
    pub(in crate::store) const FAILED_FINAL: i16 = 3;
    pub(in crate::store) const FAILED_RETRIABLE: i16 = 4;
}

/// The state of a done row.
#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
pub(super) fn state_of(disposition: Disposition) -> i16 {
    match disposition {
        Disposition::Completed => state::COMPLETED,
        Disposition::FailedFinal => state::FAILED_FINAL,
        Disposition::FailedRetriable => state::FAILED_RETRIABLE,
    }
}

/// The longest time that is added to a server's clock, in milliseconds: about 285,000 years, so no sum overflows.
const LONGEST: i64 = 1 << 53;

/// A duration in milliseconds, as it is added to a server's clock.
pub(super) fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).map_or(LONGEST, |millis| millis.min(LONGEST))
}

/// The values of a row's columns, as they were read.
#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) fingerprint: Vec<u8>,
    pub(super) attempt: Vec<u8>,
    pub(super) state: i16,
    pub(super) lease_until: Option<i64>,
    pub(super) taken_from: Option<Vec<u8>>,
    pub(super) expires_at: Option<i64>,
    pub(super) status: Option<u16>,
    pub(super) headers: Option<Vec<u8>>,
    pub(super) body: Option<Vec<u8>>,
    pub(super) namespace: String,
    pub(super) operation: String,
    pub(super) claimed_at: Option<i64>,
    /// Absent in a row that version 1 wrote.
    pub(super) generation: Option<Vec<u8>>,
    pub(super) abandoned: i64,
    pub(super) keep: Option<i64>,
    pub(super) extra: Option<Vec<u8>>,
}

#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
impl Columns {
    /// Drops what belongs to an earlier generation.
    ///
    /// A process of an earlier release that makes a record anew leaves the columns it doesn't know as they were. The first
    /// attempt of a generation gives it its name, so such a row is recognised by its generation.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) fn without_earlier_generation(self) -> Self {
        let is_first = self.state == state::RUNNING && self.taken_from.is_none();
        if !is_first || self.generation.as_ref() == Some(&self.attempt) {
            return self;
        }
        Self {
            claimed_at: None,
            generation: None,
            abandoned: 0,
            extra: None,
            ..self
        }
    }

    pub(super) fn into_row(self) -> Result<Row, CorruptColumn> {
        let phase = phase(
            self.state,
            Times {
                lease_until: self.lease_until.map(Timestamp::from_millis),
                keep: self.keep,
                expires_at: self.expires_at.map(Timestamp::from_millis),
            },
            attempt_id("taken_from", self.taken_from)?,
            outcome(self.status, self.headers, self.body)?,
        )?;
        let fingerprint = Fingerprint::from_bytes(array("fingerprint", &self.fingerprint)?);
        let attempt = AttemptId::from_bytes(array("attempt", &self.attempt)?);
        let row = Row::new(fingerprint, attempt, phase);
        Ok(Row {
            label: Label::new(self.namespace, self.operation),
            claimed_at: self.claimed_at.map(Timestamp::from_millis),
            generation: attempt_id("generation", self.generation)?.unwrap_or(row.generation),
            abandoned: u32::try_from(self.abandoned)
                .map_err(|error| CorruptColumn::new("abandoned", error))?,
            extra: Extra::from_bytes(self.extra.unwrap_or_default())
                .map_err(|error| CorruptColumn::new("extra", error))?,
            ..row
        })
    }
}

#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
#[derive(Clone, Copy)]
struct Times {
    lease_until: Option<Timestamp>,
    keep: Option<i64>,
    expires_at: Option<Timestamp>,
}

#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
fn phase(
    state: i16,
    times: Times,
    taken_from: Option<AttemptId>,
    outcome: Option<Outcome>,
) -> Result<Phase, CorruptColumn> {
    let disposition = match (state, times.lease_until) {
        (state::RUNNING, Some(lease_until)) => {
            return Ok(Phase::Running {
                lease_until,
                keep: times.keep.map(keep).transpose()?,
                taken_from,
                provisional: outcome,
            });
        }
        (state::RELEASED, None) => {
            return Ok(Phase::Released {
                until: times.expires_at.unwrap_or(Timestamp::from_millis(i64::MIN)),
            });
        }
        (state::COMPLETED, None) => Disposition::Completed,
        (state::FAILED_FINAL, None) => Disposition::FailedFinal,
        (state::FAILED_RETRIABLE, None) => Disposition::FailedRetriable,
        _ => return Err(CorruptColumn::new("state", "it contradicts the lease")),
    };
    Ok(Phase::Done {
        disposition,
        outcome,
        expires_at: times.expires_at,
    })
}

pub(super) fn keep(millis: i64) -> Result<Duration, CorruptColumn> {
    u64::try_from(millis)
        .map(Duration::from_millis)
        .map_err(|error| CorruptColumn::new("keep", error))
}

#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
fn attempt_id(
    column: &'static str,
    bytes: Option<Vec<u8>>,
) -> Result<Option<AttemptId>, CorruptColumn> {
    let id = bytes.map(|bytes| array(column, &bytes).map(AttemptId::from_bytes));
    id.transpose()
}

/// An outcome has all of its parts or none.
pub(super) fn outcome(
    status: Option<u16>,
    headers: Option<Vec<u8>>,
    body: Option<Vec<u8>>,
) -> Result<Option<Outcome>, CorruptColumn> {
    match (status, headers, body) {
        (Some(status), Some(headers), Some(body)) => {
            let headers = Headers::from_bytes(headers)
                .map_err(|error| CorruptColumn::new("headers", error))?;
            Ok(Some(Outcome::new(status, headers, Bytes::from(body))))
        }
        (None, None, None) => Ok(None),
        _ => Err(CorruptColumn::new(
            "status",
            "only some of status, headers and body are there",
        )),
    }
}

#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
pub(super) fn array<const N: usize>(
    column: &'static str,
    bytes: &[u8],
) -> Result<[u8; N], CorruptColumn> {
    bytes
        .try_into()
        .map_err(|error| CorruptColumn::new(column, error))
}

/// A row that no store of this crate can have written.
#[derive(Debug, thiserror::Error)]
#[error("column {column} of a record")]
pub(super) struct CorruptColumn {
    column: Cow<'static, str>,
    source: Box<dyn Error + Send + Sync>,
}

impl CorruptColumn {
    pub(super) fn new(
        column: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            column: column.into(),
            source: source.into(),
        }
    }
}

impl From<CorruptColumn> for StoreError {
    fn from(error: CorruptColumn) -> Self {
        Self::corrupt(error)
    }
}

/// The answer to a claim, from the row that its statement showed at the end. `None` means that somebody else came between
/// and the claim must look again.
#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
pub(super) fn claimed(row: Option<&Row>, claim: &Claim, now: Timestamp) -> Option<Claimed> {
    let is_mine = row.is_some_and(|row| {
        row.attempt == claim.attempt && matches!(row.phase, Phase::Running { .. })
    });
    match transition::claim(row, claim, now).1 {
        // The row says only of a claim that took effect that it is won.
        Claimed::Won(_) if !is_mine => None,
        claimed => Some(claimed),
    }
}
