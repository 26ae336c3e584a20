//! What the scripts answer.

use std::str::FromStr;

use ::redis::Value;

use crate::clock::Timestamp;
use crate::store::columns::{Columns, CorruptColumn};
use crate::store::transition::Row;
use crate::store::{Fence, StoreError};

/// What a step says that only tells whether it took effect.
pub(super) fn fence(answer: &Value) -> Result<Fence, StoreError> {
    match answer {
        Value::Int(1) => Ok(Fence::Held),
        Value::Int(0) => Ok(Fence::Lost),
        Value::Int(-1) => Err(StoreError::corrupt(NotOurs)),
        _ => Err(StoreError::corrupt(NoAnswer)),
    }
}

/// The time, and the row that stood there then.
pub(super) fn row(answer: Value) -> Result<(Timestamp, Option<Row>), StoreError> {
    let Value::Array(parts) = answer else {
        return Err(StoreError::corrupt(NoAnswer));
    };
    let mut parts = parts.into_iter();
    let now = number("time", parts.next())?.ok_or_else(|| StoreError::corrupt(NoAnswer))?;
    let row = match parts.next() {
        None => None,
        Some(Value::Array(fields)) => Some(columns(fields)?.into_row()?),
        Some(_) => return Err(StoreError::corrupt(NoAnswer)),
    };
    Ok((Timestamp::from_millis(now), row))
}

/// In the order in which the scripts read them.
fn columns(fields: Vec<Value>) -> Result<Columns, CorruptColumn> {
    let mut fields = fields.into_iter();
    let mut next = || fields.next();
    Ok(Columns {
        fingerprint: bytes("fingerprint", next())?.unwrap_or_default(),
        attempt: bytes("attempt", next())?.unwrap_or_default(),
        state: number("state", next())?
            .ok_or_else(|| CorruptColumn::new("state", "it is missing"))?,
        lease_until: number("lease_until", next())?,
        taken_from: bytes("taken_from", next())?,
        expires_at: number("expires_at", next())?,
        status: number("status", next())?,
        headers: bytes("headers", next())?,
        body: bytes("body", next())?,
    })
}

fn bytes(name: &'static str, value: Option<Value>) -> Result<Option<Vec<u8>>, CorruptColumn> {
    match value {
        None | Some(Value::Nil) => Ok(None),
        Some(Value::BulkString(bytes)) => Ok(Some(bytes)),
        Some(_) => Err(CorruptColumn::new(name, "it is no string")),
    }
}

fn number<T>(name: &'static str, value: Option<Value>) -> Result<Option<T>, CorruptColumn>
where
    T: FromStr<Err = std::num::ParseIntError>,
{
    let Some(bytes) = bytes(name, value)? else {
        return Ok(None);
    };
    let digits = String::from_utf8(bytes).map_err(|error| CorruptColumn::new(name, error))?;
    let number = digits
        .parse()
        .map_err(|error| CorruptColumn::new(name, error))?;
    Ok(Some(number))
}

/// Something else stands under a record's key.
#[derive(Debug, thiserror::Error)]
#[error("under the record's key stands a hash that this library did not write")]
struct NotOurs;

/// The script came back with something that it never says.
#[derive(Debug, thiserror::Error)]
#[error("the server's answer is none of the script's")]
struct NoAnswer;

/// The script and this library take a record for two different things.
#[derive(Debug, thiserror::Error)]
#[error("the record's fields do not go together")]
pub(super) struct Disagreement;

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
            Value::Array(vec![text("1"), Value::Array(vec![Value::Nil; 9])]),
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
