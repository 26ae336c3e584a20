//! Names of tables and schemas, checked before they become part of a statement.

/// A name that needs no escaping within quotes: ASCII letters, digits and underscores, not beginning with a digit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct TableName(String);

impl TableName {
    /// `longest`: as many bytes as the server takes, less what is appended to the name.
    pub(in crate::store) fn new(name: &str, longest: usize) -> Result<Self, InvalidTableName> {
        let in_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let begins = |byte: &u8| !byte.is_ascii_digit();
        let is_sound = name.bytes().all(in_name)
            && name.as_bytes().first().is_some_and(begins)
            && name.len() <= longest;
        if !is_sound {
            return Err(InvalidTableName {
                name: name.to_owned(),
                longest,
            });
        }
        Ok(Self(name.to_owned()))
    }

    pub(in crate::store) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name that is not one that the stores take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{name}` is no name for a table or schema here: write ASCII letters, digits and underscores, at most {longest}, beginning with no digit"
)]
pub(in crate::store) struct InvalidTableName {
    name: String,
    longest: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        for sound in ["idempotency_records", "Records", "_1", "a"] {
            assert_eq!(TableName::new(sound, 20).unwrap().as_str(), sound);
        }
        for unsound in [
            "",
            "1a",
            "a b",
            "a\"b",
            "a`b",
            "a;b",
            "a.b",
            "ä",
            "abcdefghijklmnopqrstu",
        ] {
            assert!(TableName::new(unsound, 20).is_err(), "{unsound}");
        }
    }
}
