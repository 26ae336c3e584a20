//! Statements and the values of their parameters: bound to a prepared statement, or written into its text.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use sqlx::mysql::MySqlArguments;
use sqlx::{Arguments as _, AssertSqlSafe, MySql};

/// A statement of this store's. Its parameters are `$1`, `$2` and so on, in any order and as often as need be; `$0` is
/// the time, where a test gives it.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    text: String,
    prepared: Arc<str>,
    /// Which parameter each `?` of the prepared statement is.
    order: Vec<usize>,
}

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

    /// How many bytes it has that are not the store's own.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Bytes(Some(bytes)) => bytes.len() as u64,
            Self::Bytes(None) | Self::Int(_) => 0,
        }
    }

    /// A literal of MySQL's. It holds nothing but digits, and letters that are written here.
    fn write(&self, text: &mut String) {
        // Writing to a string cannot fail.
        let _ = match self {
            Self::Bytes(None) | Self::Int(None) => write!(text, "NULL"),
            Self::Bytes(Some(bytes)) => write!(text, "x'{bytes:x}'"),
            Self::Int(Some(value)) => write!(text, "{value}"),
        };
    }

    fn bind(&self, arguments: &mut MySqlArguments) -> Result<(), sqlx::error::BoxDynError> {
        match self {
            Self::Bytes(bytes) => arguments.add(bytes.as_deref()),
            Self::Int(value) => arguments.add(value),
        }
    }
}

/// A statement with the values bound, to be prepared where its connection has not seen it.
pub(super) type Prepared = sqlx::query::Query<'static, MySql, MySqlArguments>;

impl Statement {
    pub(super) fn new(text: String) -> Self {
        let mut prepared = String::with_capacity(text.len());
        let mut order = Vec::new();
        each_piece(&text, |before, parameter| {
            prepared.push_str(before);
            if let Some(parameter) = parameter {
                prepared.push('?');
                order.push(parameter);
            }
        });
        Self {
            text,
            prepared: prepared.into(),
            order,
        }
    }

    /// The statement with its values bound, of which the first is the time.
    pub(super) fn prepared(&self, values: &[Argument]) -> Result<Prepared, sqlx::Error> {
        let mut arguments = MySqlArguments::default();
        for value in self.order.iter().filter_map(|&number| values.get(number)) {
            value.bind(&mut arguments).map_err(sqlx::Error::Encode)?;
        }
        let text = AssertSqlSafe(Arc::clone(&self.prepared));
        Ok(sqlx::query_with(text, arguments))
    }

    /// The statement with its values written in place of their parameters.
    pub(super) fn written(&self, values: &[Argument]) -> String {
        let mut written = String::with_capacity(2 * self.text.len());
        each_piece(&self.text, |before, parameter| {
            written.push_str(before);
            if let Some(value) = parameter.and_then(|number| values.get(number)) {
                value.write(&mut written);
            }
        });
        written
    }
}

/// Goes through the text, from one parameter to the next and to the end.
fn each_piece(text: &str, mut piece: impl FnMut(&str, Option<usize>)) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = after.split_at(digits);
        piece(before, number.parse().ok());
        rest = behind;
    }
    piece(rest, None);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> [Argument; 5] {
        [
            Argument::int(7),
            Argument::bytes(b"'; DROP"),
            Argument::int(-5),
            Argument::Int(None),
            Argument::Bytes(Some(Bytes::new())),
        ]
    }

    #[test]
    fn values_are_written_in_place_of_their_parameters() {
        let statement = Statement::new("SELECT $1, $2, $3, $4, $2, $0 + 1".to_owned());
        assert_eq!(
            statement.written(&values()),
            "SELECT x'273b2044524f50', -5, NULL, x'', -5, 7 + 1"
        );
    }

    #[test]
    fn values_are_bound_in_the_order_in_which_the_text_names_them() {
        let statement = Statement::new("SELECT $2, $1, $2 FROM t WHERE a = $12".to_owned());
        assert_eq!(&*statement.prepared, "SELECT ?, ?, ? FROM t WHERE a = ?");
        assert_eq!(statement.order, [2, 1, 2, 12]);
    }
}
