//! Statements and the values of their parameters: bound to a prepared statement, or written into its text.

use std::convert::Infallible;
use std::sync::Arc;

use sqlx::mysql::MySqlArguments;
use sqlx::{Arguments as _, AssertSqlSafe, MySql};

use crate::store::sql::arguments::{self, each_piece};
use crate::store::sql::dialect::written;

/// A value of one parameter.
pub(super) type Argument = arguments::Argument<Infallible>;

/// A statement of this store. Its parameter `$0` is the time, if a test gives it.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    text: String,
    prepared: Arc<str>,
    /// Which parameter each `?` of the prepared statement is.
    order: Vec<usize>,
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
            bind(value, &mut arguments).map_err(sqlx::Error::Encode)?;
        }
        let text = AssertSqlSafe(Arc::clone(&self.prepared));
        Ok(sqlx::query_with(text, arguments))
    }

    /// The statement with its values written in.
    pub(super) fn written(&self, values: &[Argument]) -> String {
        written::<MySql>(&self.text, |number| values.get(number))
    }
}

fn bind(value: &Argument, arguments: &mut MySqlArguments) -> Result<(), sqlx::error::BoxDynError> {
    match value {
        Argument::Bytes(bytes) => arguments.add(bytes.as_deref()),
        Argument::Int(value) => arguments.add(value),
        Argument::Text(text) => arguments.add(text.as_bytes()),
        Argument::Special(never) => match *never {},
    }
}

/// How many of a value's bytes come from outside of the store.
pub(super) fn size(value: &Argument) -> u64 {
    match value {
        Argument::Bytes(Some(bytes)) => bytes.len() as u64,
        Argument::Text(text) => text.len() as u64,
        Argument::Bytes(None) | Argument::Int(_) => 0,
        Argument::Special(never) => match *never {},
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

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
