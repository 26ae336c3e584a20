//! How one SQL server differs from another.

use std::error::Error;
use std::fmt;

use sqlx::Database;

use super::arguments::{Argument, each_piece};

/// A kind of server that a store can be on.
pub(in crate::store) trait Dialect: Database {
    /// What stands around the name of a table.
    const QUOTE: char;

    /// How URLs of such a server may begin.
    const SCHEMES: [&'static str; 2];

    /// What to say about any other URL.
    const NOT_A_URL: &'static str;

    /// Values of a parameter that only this server knows.
    type Special: Clone + fmt::Debug;

    /// Writes a value as an expression that means the same whatever the session's settings are. It holds nothing but
    /// digits, and letters that are written here.
    fn write(value: &Argument<Self::Special>, text: &mut String) -> fmt::Result;

    /// The cause of a failed setup, without the names and passwords that a server puts in some of its messages.
    fn cause(error: sqlx::Error) -> Box<dyn Error + Send + Sync>;
}

/// The statement with its values written in place of its parameters. `value` gives each by its number.
pub(in crate::store) fn written<'v, D: Dialect>(
    text: &str,
    value: impl Fn(usize) -> Option<&'v Argument<D::Special>>,
) -> String
where
    D::Special: 'v,
{
    let mut written = String::with_capacity(2 * text.len());
    each_piece(text, |before, parameter| {
        written.push_str(before);
        if let Some(value) = parameter.and_then(&value) {
            // Writing to a string can't fail.
            let _ = D::write(value, &mut written);
        }
    });
    written
}
