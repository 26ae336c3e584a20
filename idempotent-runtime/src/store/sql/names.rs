//! Names of tables and schemas, checked before they become part of a statement.

/// PostgreSQL keeps 63 bytes of a name and MySQL takes 64. `_2026_11_22`, `_migrations` and the like are appended.
const LONGEST: usize = 48;

/// The names of a store's table and of the schema that it is in.
#[derive(Clone, Debug)]
pub(in crate::store) struct Names {
    table: String,
    schema: Option<String>,
    quote: char,
}

impl Names {
    pub(in crate::store) fn new(
        table: &str,
        schema: Option<&str>,
        quote: char,
    ) -> Result<Self, InvalidName> {
        Ok(Self {
            table: checked(table)?,
            schema: schema.map(checked).transpose()?,
            quote,
        })
    }

    /// The table, as statements name it.
    pub(in crate::store) fn table(&self) -> String {
        self.beside("")
    }

    /// Something that belongs to the table: its name is the table's, with this suffix.
    pub(in crate::store) fn beside(&self, suffix: &str) -> String {
        let (prefix, quote, table) = (self.prefix(), self.quote, &self.table);
        format!("{prefix}{quote}{table}{suffix}{quote}")
    }

    /// What comes before a name in the same schema.
    pub(in crate::store) fn prefix(&self) -> String {
        let quote = self.quote;
        self.schema
            .as_ref()
            .map_or_else(String::new, |schema| format!("{quote}{schema}{quote}."))
    }

    /// The table's name alone, without quotes.
    pub(in crate::store) fn bare(&self) -> &str {
        &self.table
    }

    pub(in crate::store) fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }
}

/// A name that needs no escaping within quotes.
fn checked(name: &str) -> Result<String, InvalidName> {
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = |byte: &u8| !byte.is_ascii_digit();
    let is_valid = name.bytes().all(in_name)
        && name.as_bytes().first().is_some_and(begins)
        && name.len() <= LONGEST;
    if !is_valid {
        return Err(InvalidName(name.to_owned()));
    }
    Ok(name.to_owned())
}

/// A name that the stores don't accept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` can't name a table or schema here: use at most {LONGEST} ASCII letters, digits and underscores, and don't begin with a digit"
)]
pub(in crate::store) struct InvalidName(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        for valid in ["idempotency_records", "Records", "_1", "a", &"a".repeat(48)] {
            assert_eq!(Names::new(valid, None, '"').unwrap().bare(), valid);
        }
        for invalid in [
            "",
            "1a",
            "a b",
            "a\"b",
            "a`b",
            "a;b",
            "a.b",
            "ä",
            &"a".repeat(49),
        ] {
            assert!(Names::new(invalid, None, '"').is_err(), "{invalid}");
            assert!(Names::new("a", Some(invalid), '"').is_err(), "{invalid}");
        }
    }

    #[test]
    fn what_belongs_to_a_table_is_in_its_schema() {
        let names = Names::new("records", Some("billing"), '`').unwrap();
        assert_eq!(
            names.beside("_migrations"),
            "`billing`.`records_migrations`"
        );
        let names = Names::new("records", None, '"').unwrap();
        assert_eq!(names.table(), "\"records\"");
    }
}
