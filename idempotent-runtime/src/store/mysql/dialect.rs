//! What is MySQL's own in the dialect of its statements.

use std::convert::Infallible;
use std::error::Error;
use std::fmt::{self, Write as _};

use bytes::Bytes;
use sqlx::MySql;

use super::error::cause;
use crate::store::sql::arguments::Argument;
use crate::store::sql::dialect::Dialect;

impl Dialect for MySql {
    const QUOTE: char = '`';
    const SCHEMES: [&'static str; 2] = ["mysql", "mariadb"];
    const NOT_A_URL: &'static str = "not the URL of a MySQL or MariaDB server: write `mysql://user:password@host:port/database`, and `%40` for an `@` in the password";

    type Special = Infallible;

    fn write(value: &Argument<Infallible>, text: &mut String) -> fmt::Result {
        match value {
            Argument::Bytes(None) | Argument::Int(None) => write!(text, "NULL"),
            Argument::Bytes(Some(bytes)) => write!(text, "x'{bytes:x}'"),
            Argument::Int(Some(value)) => write!(text, "{value}"),
            // As bytes, whose digits leave no quotes.
            Argument::Text(value) => {
                let bytes = Bytes::copy_from_slice(value.as_bytes());
                write!(text, "x'{bytes:x}'")
            }
            Argument::Special(never) => match *never {},
        }
    }

    fn cause(error: sqlx::Error) -> Box<dyn Error + Send + Sync> {
        cause(error)
    }
}
