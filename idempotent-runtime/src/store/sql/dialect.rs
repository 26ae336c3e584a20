//! How one SQL server differs from another.

use std::error::Error;
use std::fmt;

use sqlx::Database;

use super::arguments::Argument;

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
