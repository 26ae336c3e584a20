//! What is PostgreSQL's own in the dialect of its statements.

use std::error::Error;
use std::fmt::{self, Write as _};

use bytes::Bytes;
use sqlx::Postgres;

use crate::store::sql::arguments::Argument;
use crate::store::sql::cause::SqlxCause;
use crate::store::sql::dialect::Dialect;

/// The values of many rows in one parameter.
#[derive(Clone, Debug)]
pub(in crate::store) enum Array {
    Bytes(Vec<Vec<u8>>),
    Ints(Vec<i64>),
}

impl Dialect for Postgres {
    const QUOTE: char = '"';
    const SCHEMES: [&'static str; 2] = ["postgres", "postgresql"];
    const NOT_A_URL: &'static str = "not the URL of a PostgreSQL server: write `postgres://user:password@host:port/database`, and `%40` for an `@` in the password";

    type Special = Array;

    fn write(value: &Argument<Array>, text: &mut String) -> fmt::Result {
        match value {
            Argument::Bytes(None) => write!(text, "NULL::bytea"),
            Argument::Bytes(Some(bytes)) => write!(text, "decode('{bytes:x}', 'hex')"),
            Argument::Int(None) => write!(text, "NULL::int8"),
            Argument::Int(Some(value)) => write!(text, "({value})::int8"),
            Argument::Text(value) => {
                let bytes = Bytes::copy_from_slice(value.as_bytes());
                write!(text, "convert_from(decode('{bytes:x}', 'hex'), 'UTF8')")
            }
            Argument::Special(Array::Bytes(all)) => {
                write_array(text, all.iter().map(|it| Argument::bytes(it)), "bytea")
            }
            Argument::Special(Array::Ints(all)) => {
                write_array(text, all.iter().map(|it| Argument::int(*it)), "int8")
            }
        }
    }

    fn cause(error: sqlx::Error) -> Box<dyn Error + Send + Sync> {
        SqlxCause::new(error).into()
    }
}

fn write_array(
    text: &mut String,
    values: impl Iterator<Item = Argument<Array>>,
    of: &str,
) -> fmt::Result {
    text.push_str("ARRAY[");
    for (place, value) in values.enumerate() {
        if place > 0 {
            text.push_str(", ");
        }
        Postgres::write(&value, text)?;
    }
    write!(text, "]::{of}[]")
}
