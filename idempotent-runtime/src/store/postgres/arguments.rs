//! Values of a statement's parameters: bound to a prepared statement, or written into its text.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};

/// A value of one parameter.
#[derive(Clone, Debug)]
pub(super) enum Argument {
    Bytes(Option<Bytes>),
    Int(Option<i64>),
}

impl Argument {
    pub(super) fn bytes(bytes: &[u8]) -> Self {
        Self::Bytes(Some(Bytes::copy_from_slice(bytes)))
    }

    pub(super) fn int(value: impl Into<i64>) -> Self {
        Self::Int(Some(value.into()))
    }

    /// A literal of PostgreSQL's. It holds nothing but digits, and letters that are written here.
    fn write(&self, text: &mut String) {
        // Writing to a string cannot fail.
        let _ = match self {
            Self::Bytes(None) => write!(text, "NULL::bytea"),
            Self::Bytes(Some(bytes)) => write!(text, "'\\x{bytes:x}'::bytea"),
            Self::Int(None) => write!(text, "NULL::int8"),
            Self::Int(Some(value)) => write!(text, "({value})::int8"),
        };
    }
}

/// The statement with its values bound.
pub(super) fn prepared(
    text: &Arc<str>,
    arguments: &[Argument],
) -> Query<'static, Postgres, PgArguments> {
    let query = sqlx::query(AssertSqlSafe(Arc::clone(text)));
    arguments
        .iter()
        .fold(query, |query, argument| match argument {
            Argument::Bytes(bytes) => query.bind(bytes.as_deref()),
            Argument::Int(value) => query.bind(value),
        })
}

/// The statement with its values written in place of `$1`, `$2` and so on.
pub(super) fn written(text: &str, arguments: &[Argument]) -> AssertSqlSafe<String> {
    let mut written = String::with_capacity(text.len() + 256);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        written.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = after.split_at(digits);
        let argument = number
            .parse::<usize>()
            .ok()
            .and_then(|it| arguments.get(it.checked_sub(1)?));
        match argument {
            Some(argument) => argument.write(&mut written),
            // No statement of this store's has a dollar that is no parameter.
            None => written.push('$'),
        }
        rest = behind;
    }
    written.push_str(rest);
    AssertSqlSafe(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_in_place_of_their_parameters() {
        let arguments = [
            Argument::bytes(b"'; DROP"),
            Argument::int(-5),
            Argument::Int(None),
            Argument::Bytes(None),
        ];
        let text = written("SELECT $1, $2, $3, $4, $2", &arguments).0;
        assert_eq!(
            text,
            "SELECT '\\x273b2044524f50'::bytea, (-5)::int8, NULL::int8, NULL::bytea, (-5)::int8"
        );
    }

    #[test]
    fn a_parameter_of_two_digits_is_not_taken_for_one_of_one() {
        let arguments: Vec<_> = (1..=11_i64).map(Argument::int).collect();
        assert_eq!(written("$11 $1", &arguments).0, "(11)::int8 (1)::int8");
    }
}
