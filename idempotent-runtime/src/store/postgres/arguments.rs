//! Values of a statement's parameters: bound to a prepared statement, or written into its text.

use std::fmt::{self, Write as _};
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
    Text(Arc<str>),
    AllBytes(Vec<Vec<u8>>),
    AllInts(Vec<i64>),
}

impl Argument {
    pub(super) fn bytes(bytes: &[u8]) -> Self {
        Self::Bytes(Some(Bytes::copy_from_slice(bytes)))
    }

    pub(super) fn int(value: impl Into<i64>) -> Self {
        Self::Int(Some(value.into()))
    }

    /// A text without zeros, which PostgreSQL has no room for.
    pub(super) fn text(text: &str) -> Self {
        Self::Text(if text.contains('\0') {
            text.replace('\0', "\u{fffd}").into()
        } else {
            text.into()
        })
    }

    /// An expression that means the value under any settings of the session. It holds nothing but digits, and what is
    /// written here.
    fn write(&self, text: &mut String) {
        // Writing to a string cannot fail.
        let _ = match self {
            Self::Bytes(None) => write!(text, "NULL::bytea"),
            Self::Bytes(Some(bytes)) => write!(text, "decode('{bytes:x}', 'hex')"),
            Self::Int(None) => write!(text, "NULL::int8"),
            Self::Int(Some(value)) => write!(text, "({value})::int8"),
            Self::Text(value) => {
                let bytes = Bytes::copy_from_slice(value.as_bytes());
                write!(text, "convert_from(decode('{bytes:x}', 'hex'), 'UTF8')")
            }
            Self::AllBytes(all) => {
                let each = all.iter().map(|it| Self::bytes(it));
                write_array(text, each, "bytea")
            }
            Self::AllInts(all) => write_array(text, all.iter().map(|it| Self::int(*it)), "int8"),
        };
    }
}

fn write_array(text: &mut String, each: impl Iterator<Item = Argument>, of: &str) -> fmt::Result {
    text.push_str("ARRAY[");
    for (place, argument) in each.enumerate() {
        if place > 0 {
            text.push_str(", ");
        }
        argument.write(text);
    }
    write!(text, "]::{of}[]")
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
            Argument::Text(value) => query.bind(value.to_string()),
            Argument::AllBytes(all) => query.bind(all.as_slice()),
            Argument::AllInts(all) => query.bind(all.as_slice()),
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
            Argument::text("\\'\0"),
            Argument::AllBytes(vec![vec![1], vec![]]),
            Argument::AllInts(vec![7, 8]),
        ];
        let text = written("SELECT $1, $2, $3, $4, $2, $5, $6, $7", &arguments).0;
        assert_eq!(
            text,
            "SELECT decode('273b2044524f50', 'hex'), (-5)::int8, NULL::int8, NULL::bytea, (-5)::int8, \
             convert_from(decode('5c27efbfbd', 'hex'), 'UTF8'), \
             ARRAY[decode('01', 'hex'), decode('', 'hex')]::bytea[], \
             ARRAY[(7)::int8, (8)::int8]::int8[]"
        );
    }

    #[test]
    fn a_parameter_of_two_digits_is_not_taken_for_one_of_one() {
        let arguments: Vec<_> = (1..=11_i64).map(Argument::int).collect();
        assert_eq!(written("$11 $1", &arguments).0, "(11)::int8 (1)::int8");
    }
}
