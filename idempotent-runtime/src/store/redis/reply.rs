//! The answers of the scripts.

use std::str::FromStr;

use ::redis::Value;

use super::origin;
use crate::clock::Timestamp;
use crate::store::columns::{self, Columns, CorruptColumn};
use crate::store::transition::Row;
use crate::store::{Claim, Claimed, Fence, StoreError, Won};

/// The answer of a step that only says whether it took effect.
pub(super) fn fence(answer: &Value) -> Result<Fence, StoreError> {
    match answer {
        Value::Int(1) => Ok(Fence::Held),
        Value::Int(0) => Ok(Fence::Lost),
        Value::Int(-1) => Err(StoreError::corrupt(NotOurs)),
        _ => Err(StoreError::corrupt(NoAnswer)),
    }
}

/// The answer of a claim.
pub(super) fn claimed(answer: Value, claim: &Claim) -> Result<Claimed, StoreError> {
    if answer == Value::Int(1) {
        return Ok(Claimed::Won(Won::anew(claim.attempt)));
    }
    let (now, row) = row(answer)?;
    // Nobody can come between the script's decision and this row, so there is never a reason to look again.
    columns::claimed(row.as_ref(), claim, now).ok_or_else(|| StoreError::corrupt(Disagreement))
}

/// The server's time, and the row at that time.
pub(super) fn row(answer: Value) -> Result<(Timestamp, Option<Row>), StoreError> {
    let Value::Array(parts) = answer else {
        return Err(StoreError::corrupt(NoAnswer));
    };
    let mut parts = parts.into_iter();
    let now = parts.next().ok_or_else(|| StoreError::corrupt(NoAnswer))?;
    let row = match parts.next() {
        None => None,
        Some(Value::Array(fields)) => Some(columns_of(fields)?.into_row()?),
        Some(_) => return Err(StoreError::corrupt(NoAnswer)),
    };
    Ok((Timestamp::from_millis(number("time", now)?), row))
}

/// Names and values alternate. A later release may have written a name that this one doesn't know.
fn columns_of(fields: Vec<Value>) -> Result<Columns, CorruptColumn> {
    let mut fields = fields.into_iter();
    let mut read = Fields::default();
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        read.take(&bytes("name", name)?, value)?;
    }
    read.into_columns()
}

/// The fields that a listing asks for: all except those of the outcome.
pub(super) const LISTED: [&str; 7] = ["f", "a", "s", "l", "t", "e", "r"];

/// Reads a row from its [`LISTED`] fields; `None` if the record is gone.
pub(super) fn listed_row(answer: Value) -> Result<Option<Row>, StoreError> {
    let Value::Array(values) = answer else {
        return Err(StoreError::corrupt(NoAnswer));
    };
    let mut read = Fields::default();
    let mut is_there = false;
    for (name, value) in LISTED.iter().zip(values) {
        if value != Value::Nil {
            is_there = true;
            read.take(name.as_bytes(), value)?;
        }
    }
    if !is_there {
        return Ok(None);
    }
    Ok(Some(read.into_columns()?.into_row()?))
}

/// The fields of a record, which the prelude of the scripts lists.
#[derive(Default)]
struct Fields {
    columns: Columns,
    state: Option<i16>,
    origin: Option<Vec<u8>>,
}

impl Fields {
    fn take(&mut self, name: &[u8], value: Value) -> Result<(), CorruptColumn> {
        let columns = &mut self.columns;
        match name {
            b"f" => columns.fingerprint = bytes("fingerprint", value)?,
            b"a" => columns.attempt = bytes("attempt", value)?,
            b"s" => self.state = Some(number("state", value)?),
            b"l" => columns.lease_until = Some(number("lease_until", value)?),
            b"t" => columns.taken_from = Some(bytes("taken_from", value)?),
            b"e" => columns.expires_at = Some(number("expires_at", value)?),
            b"c" => columns.status = Some(number("status", value)?),
            b"h" => columns.headers = Some(bytes("headers", value)?),
            b"b" => columns.body = Some(bytes("body", value)?),
            b"r" => self.origin = Some(bytes("origin", value)?),
            b"x" => columns.extra = Some(bytes("extra", value)?),
            _ => {}
        }
        Ok(())
    }

    fn into_columns(self) -> Result<Columns, CorruptColumn> {
        let missing = || CorruptColumn::new("state", "it is missing");
        let columns = Columns {
            state: self.state.ok_or_else(missing)?,
            ..self.columns
        };
        match self.origin {
            Some(origin) => origin::read_into(columns, &origin),
            // Release 1 wrote the record.
            None => Ok(Columns {
                extra: None,
                ..columns
            }),
        }
    }
}

fn text(name: &'static str, value: Value) -> Result<String, CorruptColumn> {
    String::from_utf8(bytes(name, value)?).map_err(|error| CorruptColumn::new(name, error))
}

fn bytes(name: &'static str, value: Value) -> Result<Vec<u8>, CorruptColumn> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        _ => Err(CorruptColumn::new(name, "it is no string")),
    }
}

fn number<T>(name: &'static str, value: Value) -> Result<T, CorruptColumn>
where
    T: FromStr<Err = std::num::ParseIntError>,
{
    text(name, value)?
        .parse()
        .map_err(|error| CorruptColumn::new(name, error))
}

/// A record's key holds something else.
#[derive(Debug, thiserror::Error)]
#[error("the record's key holds a hash that this library didn't write")]
struct NotOurs;

/// The script returned something that it never returns.
#[derive(Debug, thiserror::Error)]
#[error("the server's answer is not one that the script gives")]
struct NoAnswer;

/// The script and this library disagree about a record.
#[derive(Debug, thiserror::Error)]
#[error("the record's fields contradict each other")]
struct Disagreement;

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    #[test]
    fn an_answer_that_no_script_gives_is_corrupt() {
        for answer in [
            Value::Nil,
            Value::Okay,
            Value::Int(7),
            Value::Array(Vec::new()),
            Value::Array(vec![text("now")]),
            Value::Array(vec![text("1"), Value::Int(1)]),
            Value::Array(vec![text("1"), Value::Array(Vec::new())]),
            Value::Array(vec![text("1"), Value::Array(vec![Value::Nil, text("1")])]),
            Value::Array(vec![text("1"), Value::Array(vec![text("s"), Value::Nil])]),
            Value::Array(vec![text("1"), Value::Array(vec![text("f"), text("mine")])]),
        ] {
            assert!(fence(&answer).unwrap_err().is_corrupt(), "{answer:?}");
            assert!(row(answer.clone()).unwrap_err().is_corrupt(), "{answer:?}");
        }
    }

    #[test]
    fn the_time_alone_means_that_there_is_no_row() {
        let (now, row) = row(Value::Array(vec![text("1795320000000")])).unwrap();
        assert_eq!(now, Timestamp::from_millis(1_795_320_000_000));
        assert_eq!(row, None);
    }
}
