//! A record's origin, which the scripts keep in one value. Their prelude says what it consists of.

use std::str::{self, FromStr};

use crate::store::columns::{Columns, CorruptColumn};
use crate::store::transition::Row;

/// The bytes of an attempt's id.
const ID: usize = 16;

/// Adds what the origin says to the columns of a record.
///
/// Release 1 doesn't know origins, so it leaves an earlier record's origin in place. An origin that was written for
/// another attempt therefore counts for nothing, and neither do the other fields of version 2.
pub(super) fn read_into(columns: Columns, origin: &[u8]) -> Result<Columns, CorruptColumn> {
    let is_cut = || CorruptColumn::new("origin", "it is cut short");
    let (version, rest) = origin.split_first().ok_or_else(is_cut)?;
    if *version != b'0' + Row::VERSION {
        return Err(CorruptColumn::new(
            "version",
            "this release doesn't know it",
        ));
    }
    let (written_for, rest) = rest.split_at_checked(ID).ok_or_else(is_cut)?;
    if written_for != columns.attempt {
        return Ok(Columns {
            extra: None,
            ..columns
        });
    }
    let mut rest = Rest(rest);
    let claimed_at = rest.number("claimed_at")?;
    let keep = rest.number("keep")?;
    let abandoned = rest.number("abandoned")?;
    let generation = rest.generation().ok_or_else(is_cut)?;
    let end = rest.0.iter().position(|byte| *byte == 0);
    let (namespace, operation) = rest.0.split_at(end.ok_or_else(is_cut)?);
    Ok(Columns {
        claimed_at,
        keep,
        abandoned: abandoned.unwrap_or_default(),
        generation: Some(generation.unwrap_or_else(|| columns.attempt.clone())),
        namespace: text("namespace", namespace)?.to_owned(),
        operation: text("operation", &operation[1..])?.to_owned(),
        ..columns
    })
}

/// The part of an origin that is still to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    /// The next number, which ends with a space, or `None` if there are no digits.
    fn number<T>(&mut self, name: &'static str) -> Result<Option<T>, CorruptColumn>
    where
        T: FromStr<Err = std::num::ParseIntError>,
    {
        let end = self.0.iter().position(|byte| *byte == b' ');
        let end = end.ok_or_else(|| CorruptColumn::new(name, "its end is missing"))?;
        let (digits, rest) = self.0.split_at(end);
        self.0 = &rest[1..];
        if digits.is_empty() {
            return Ok(None);
        }
        text(name, digits)?
            .parse()
            .map(Some)
            .map_err(|error| CorruptColumn::new(name, error))
    }

    /// The generation's id. `Some(None)` means the attempt's own id, and `None` that the value is cut short.
    #[allow(
        clippy::option_option,
        reason = "an id that is left out, and one that is cut short, are two things"
    )]
    fn generation(&mut self) -> Option<Option<Vec<u8>>> {
        let (length, rest) = self.0.split_first()?;
        let (id, rest) = rest.split_at_checked(usize::from(*length))?;
        self.0 = rest;
        Some((!id.is_empty()).then(|| id.to_vec()))
    }
}

fn text<'a>(name: &'static str, bytes: &'a [u8]) -> Result<&'a str, CorruptColumn> {
    str::from_utf8(bytes).map_err(|error| CorruptColumn::new(name, error))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ATTEMPT: [u8; ID] = [7; ID];

    fn columns() -> Columns {
        Columns {
            attempt: ATTEMPT.to_vec(),
            ..Columns::default()
        }
    }

    fn origin(behind_the_attempt: &[u8]) -> Vec<u8> {
        [b"2", &ATTEMPT[..], behind_the_attempt].concat()
    }

    #[test]
    fn its_parts_are_told_apart() {
        let full = origin(b"-5 86400000 2 \x10ABCDEFGHIJKLMNOPbilling\0POST /orders/{}");
        let read = read_into(columns(), &full).unwrap();
        assert_eq!((read.claimed_at, read.keep), (Some(-5), Some(86_400_000)));
        assert_eq!(read.abandoned, 2);
        assert_eq!(read.generation.as_deref(), Some(&b"ABCDEFGHIJKLMNOP"[..]));
        assert_eq!(
            (&*read.namespace, &*read.operation),
            ("billing", "POST /orders/{}")
        );

        let bare = read_into(columns(), &origin(b"   \0\0")).unwrap();
        assert_eq!(
            (bare.claimed_at, bare.keep, bare.abandoned),
            (None, None, 0)
        );
        assert_eq!(bare.generation.as_deref(), Some(&ATTEMPT[..]));
        assert_eq!((&*bare.namespace, &*bare.operation), ("", ""));
    }

    #[test]
    fn one_that_was_written_for_another_attempt_says_nothing() {
        let other = Columns {
            attempt: vec![8; ID],
            extra: Some(vec![1]),
            ..Columns::default()
        };
        let read = read_into(other, &origin(b"5   \0billing\0POST /orders")).unwrap();
        assert_eq!(
            (read.claimed_at, read.generation, read.extra),
            (None, None, None)
        );
        assert_eq!(read.operation, "");
    }

    #[test]
    fn one_that_is_cut_short_or_of_a_later_version_is_corrupt() {
        let full = origin(b"5 6 7 \x10ABCDEFGHIJKLMNOPbilling\0");
        for end in 0..full.len() {
            assert!(read_into(columns(), &full[..end]).is_err(), "{end}");
        }
        let mut later = full.clone();
        later[0] = b'3';
        assert!(read_into(columns(), &later).is_err());
        assert!(read_into(columns(), &full).is_ok());
    }
}
