//! Statements and the values of their parameters: bound to a prepared statement, or written into its text.

use std::sync::Arc;

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};

use super::dialect::Array;
use crate::store::sql::arguments::{self, each_piece};
use crate::store::sql::dialect::written;

/// A value of one parameter.
pub(super) type Argument = arguments::Argument<Array>;

/// A statement of this store.
#[derive(Debug)]
pub(super) struct Statement {
    text: Arc<str>,
    /// The highest number of a parameter.
    parameters: usize,
}

impl From<String> for Statement {
    fn from(text: String) -> Self {
        let mut parameters = 0;
        each_piece(&text, |_, parameter| {
            parameters = parameters.max(parameter.unwrap_or_default());
        });
        Self {
            text: text.into(),
            parameters,
        }
    }
}

impl Statement {
    /// Completes the values: if the statement asks for the time, that is its last parameter.
    pub(super) fn values(&self, mut values: Vec<Argument>, time: Option<i64>) -> Vec<Argument> {
        if values.len() < self.parameters {
            values.push(Argument::Int(time));
        }
        values
    }

    /// The statement with its values bound.
    pub(super) fn prepared(&self, values: &[Argument]) -> Query<'static, Postgres, PgArguments> {
        let query = sqlx::query(AssertSqlSafe(Arc::clone(&self.text)));
        values.iter().fold(query, |query, value| match value {
            Argument::Bytes(bytes) => query.bind(bytes.as_deref()),
            Argument::Int(value) => query.bind(value),
            Argument::Text(value) => query.bind(value.to_string()),
            Argument::Special(Array::Bytes(all)) => query.bind(all.as_slice()),
            Argument::Special(Array::Ints(all)) => query.bind(all.as_slice()),
        })
    }

    /// The statement with its values written in.
    pub(super) fn written(&self, values: &[Argument]) -> String {
        written::<Postgres>(&self.text, |number| values.get(number.checked_sub(1)?))
    }
}

/// A text without zeros, which PostgreSQL can't store.
pub(super) fn label(text: &str) -> Argument {
    if text.contains('\0') {
        Argument::text(&text.replace('\0', "\u{fffd}"))
    } else {
        Argument::text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, values: &[Argument]) -> String {
        Statement::from(text.to_owned()).written(values)
    }

    #[test]
    fn values_are_written_in_place_of_their_parameters() {
        let values = [
            Argument::bytes(b"'; DROP"),
            Argument::int(-5),
            Argument::Int(None),
            Argument::Bytes(None),
            label("\\'\0"),
            Argument::Special(Array::Bytes(vec![vec![1], vec![]])),
            Argument::Special(Array::Ints(vec![7, 8])),
        ];
        assert_eq!(
            written("SELECT $1, $2, $3, $4, $2, $5, $6, $7", &values),
            "SELECT decode('273b2044524f50', 'hex'), (-5)::int8, NULL::int8, NULL::bytea, (-5)::int8, \
             convert_from(decode('5c27efbfbd', 'hex'), 'UTF8'), \
             ARRAY[decode('01', 'hex'), decode('', 'hex')]::bytea[], \
             ARRAY[(7)::int8, (8)::int8]::int8[]"
        );
    }

    #[test]
    fn a_parameter_of_two_digits_is_not_taken_for_one_of_one() {
        let values: Vec<_> = (1..=11_i64).map(Argument::int).collect();
        assert_eq!(written("$11 $1", &values), "(11)::int8 (1)::int8");
    }

    #[test]
    fn the_time_is_added_where_the_statement_asks_for_it() {
        let values = || vec![Argument::int(1), Argument::int(2)];
        let statement = |text: &str| Statement::from(text.to_owned());
        assert_eq!(statement("$1 $2").values(values(), Some(7)).len(), 2);
        assert_eq!(statement("$3 $1 $2").values(values(), None).len(), 3);
    }
}
