//! Reading an idempotency key: never trusted, checked before anything is looked up.

mod argument;
#[cfg(feature = "web")]
mod document;

use std::borrow::Cow;
use std::fmt;

pub use self::argument::KeyArgument;
#[cfg(feature = "web")]
pub(crate) use self::document::{Found, find_in_form, find_in_json};
use crate::policy::KeyFormat;

/// A key that passed its format: decoded, not empty, of allowed length.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct IdempotencyKey(String);

impl IdempotencyKey {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Keys are the clients' business; they stay out of logs.
impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(..)")
    }
}

/// A value that is no key by the endpoint's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidKey;

/// Where a value was found, which decides what it may hold unquoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A header's value. A comma, a quote or a space in it would mean that header lines were joined.
    Header,
    /// Anywhere else.
    Elsewhere,
}

/// Checks a value against the format and decodes it.
pub(crate) fn parse_key(
    value: &[u8],
    format: KeyFormat,
    place: Place,
) -> Result<IdempotencyKey, InvalidKey> {
    let decoded = match (format, place) {
        // In a document any ASCII text can stand, so there is nothing to be read into it.
        (KeyFormat::Ascii { .. }, Place::Elsewhere) => Cow::Borrowed(literal(value)?),
        _ if value.starts_with(b"\"") => Cow::Owned(decode_quoted(value)?),
        (KeyFormat::Quoted, _) => return Err(InvalidKey),
        _ => Cow::Borrowed(bare(value, place)?),
    };
    if !fits(&decoded, format) {
        return Err(InvalidKey);
    }
    // Upper and lower case write one UUID.
    let key = match format {
        KeyFormat::Uuid => decoded.to_ascii_lowercase(),
        _ => decoded.into_owned(),
    };
    Ok(IdempotencyKey(key))
}

/// Of a key found before and one found now, either may be missing; two that differ are invalid.
pub(crate) fn agree(
    before: Option<IdempotencyKey>,
    now: Option<IdempotencyKey>,
) -> Result<Option<IdempotencyKey>, InvalidKey> {
    match (before, now) {
        (Some(before), Some(now)) if before != now => Err(InvalidKey),
        (before, now) => Ok(before.or(now)),
    }
}

/// A structured-field string (RFC 9651, section 3.3.3); parameters behind it are checked and ignored.
fn decode_quoted(value: &[u8]) -> Result<String, InvalidKey> {
    let item: sfv::Item = sfv::Parser::new(value).parse().map_err(|_| InvalidKey)?;
    match item.bare_item {
        sfv::BareItem::String(text) => Ok(text.into()),
        _ => Err(InvalidKey),
    }
}

fn literal(value: &[u8]) -> Result<&str, InvalidKey> {
    str::from_utf8(value)
        .ok()
        .filter(|text| text.is_ascii())
        .ok_or(InvalidKey)
}

fn bare(value: &[u8], place: Place) -> Result<&str, InvalidKey> {
    let allowed = |byte: &u8| match place {
        Place::Header => byte.is_ascii_graphic() && !matches!(byte, b',' | b'"'),
        Place::Elsewhere => byte.is_ascii_graphic() || *byte == b' ',
    };
    if !value.iter().all(allowed) {
        return Err(InvalidKey);
    }
    std::str::from_utf8(value).map_err(|_| InvalidKey)
}

fn fits(key: &str, format: KeyFormat) -> bool {
    // Keys are ASCII here, so bytes are characters.
    let within = |min: u16, max: u16| (usize::from(min)..=usize::from(max)).contains(&key.len());
    match format {
        KeyFormat::Any { min, max } | KeyFormat::Ascii { min, max } => within(min, max),
        KeyFormat::Quoted => within(1, 255),
        KeyFormat::Uuid => {
            key.len() == uuid::fmt::Hyphenated::LENGTH && uuid::Uuid::try_parse(key).is_ok()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ANY: KeyFormat = KeyFormat::any(1, 255);

    fn header(value: &str) -> Result<String, InvalidKey> {
        parse_key(value.as_bytes(), ANY, Place::Header).map(|key| key.0)
    }

    #[test]
    fn quoted_and_bare_are_one_key() {
        assert_eq!(header("\"8e03978e\""), Ok("8e03978e".to_owned()));
        assert_eq!(header("8e03978e"), Ok("8e03978e".to_owned()));
    }

    #[test]
    fn parameters_behind_a_quoted_key_are_ignored_and_checked() {
        assert_eq!(header("\"k\";v=1;w"), Ok("k".to_owned()));
        assert_eq!(header("\"k\";"), Err(InvalidKey));
        assert_eq!(header("\"k\" x"), Err(InvalidKey));
    }

    #[test]
    fn escapes_are_decoded() {
        assert_eq!(header(r#""a\"b\\c""#), Ok(r#"a"b\c"#.to_owned()));
        assert_eq!(header(r#""a\b""#), Err(InvalidKey));
    }

    #[test]
    fn unbalanced_quotes_are_invalid() {
        for value in ["\"", "\"k", "k\"", "\"k\"\""] {
            assert_eq!(header(value), Err(InvalidKey), "{value}");
        }
    }

    #[test]
    fn joined_header_lines_are_noticed() {
        for value in ["a, b", "a,b", "\"a\", \"b\"", "\"a\",\"b\"", "a b"] {
            assert_eq!(header(value), Err(InvalidKey), "{value}");
        }
    }

    #[test]
    fn elsewhere_a_bare_key_may_hold_commas_quotes_and_spaces() {
        let parsed = parse_key(b"weekly, \"deck\" 17", ANY, Place::Elsewhere);
        assert_eq!(parsed.unwrap().as_str(), "weekly, \"deck\" 17");
    }

    #[test]
    fn only_printable_ascii_is_taken() {
        for value in ["cl\u{e9}", "a\tb", "a\u{7f}", "\"cl\u{e9}\"", "a\nb"] {
            for place in [Place::Header, Place::Elsewhere] {
                assert_eq!(
                    parse_key(value.as_bytes(), ANY, place),
                    Err(InvalidKey),
                    "{value:?}"
                );
            }
        }
        assert_eq!(
            parse_key(b"\xff\xfe", ANY, Place::Elsewhere),
            Err(InvalidKey)
        );
    }

    #[test]
    fn lengths_count_decoded_characters() {
        let of = |length: usize| "k".repeat(length);
        assert!(header(&of(255)).is_ok());
        assert!(header(&format!("\"{}\"", of(255))).is_ok());
        assert_eq!(header(&of(256)), Err(InvalidKey));
        assert_eq!(header(&format!("\"{}\"", of(256))), Err(InvalidKey));
        assert!(header(&format!("\"{}\"", r"\\".repeat(255))).is_ok());
        assert_eq!(header(""), Err(InvalidKey));
        assert_eq!(header("\"\""), Err(InvalidKey));
    }

    #[test]
    fn ascii_has_its_own_bounds() {
        let parse = |length| {
            parse_key(
                "k".repeat(length).as_bytes(),
                KeyFormat::ascii(16, 128),
                Place::Elsewhere,
            )
        };
        assert!(
            parse(15).is_err() && parse(16).is_ok() && parse(128).is_ok() && parse(129).is_err()
        );
    }

    #[test]
    fn outside_headers_ascii_takes_any_ascii_text_as_it_stands() {
        let format = KeyFormat::ascii(3, 8);
        for key in ["\"ab", "a\tb\n", "a, \"b\""] {
            let parsed = parse_key(key.as_bytes(), format, Place::Elsewhere);
            assert_eq!(parsed.map(|key| key.0), Ok(key.to_owned()));
        }
        assert_eq!(
            parse_key("clés".as_bytes(), format, Place::Elsewhere),
            Err(InvalidKey)
        );
        let in_header =
            |key: &str| parse_key(key.as_bytes(), format, Place::Header).map(|key| key.0);
        assert_eq!(
            (in_header("\"abc\""), in_header("\"ab")),
            (Ok("abc".to_owned()), Err(InvalidKey))
        );
    }

    #[test]
    fn upper_and_lower_case_write_one_uuid() {
        let parse = |value: &str| {
            parse_key(value.as_bytes(), KeyFormat::Uuid, Place::Header).map(|key| key.0)
        };
        assert_eq!(
            parse("8E03978E-40D5-43E8-BC93-6894A57F9324"),
            parse("8e03978e-40d5-43e8-bc93-6894a57f9324")
        );
    }

    #[test]
    fn uuid_takes_the_hyphenated_form_quoted_or_bare() {
        let parse =
            |value: &str| parse_key(value.as_bytes(), KeyFormat::Uuid, Place::Header).is_ok();
        assert!(parse("8e03978e-40d5-43e8-bc93-6894a57f9324"));
        assert!(parse("\"8e03978e-40d5-43e8-bc93-6894a57f9324\""));
        assert!(!parse("8e03978e40d543e8bc936894a57f9324"));
        assert!(!parse("{8e03978e-40d5-43e8-bc93-6894a57f9324}"));
        assert!(!parse("8e03978e-40d5-43e8-bc93-6894a57f932g"));
    }

    #[test]
    fn quoted_refuses_bare_keys() {
        let parse = |value: &str| parse_key(value.as_bytes(), KeyFormat::Quoted, Place::Header);
        assert!(parse("\"k\"").is_ok());
        for value in ["k", "1", "?1", ":aGk=:", "(\"k\")"] {
            assert_eq!(parse(value), Err(InvalidKey), "{value}");
        }
    }

    #[test]
    fn a_key_is_not_printed() {
        assert_eq!(
            format!("{:?}", parse_key(b"secret", ANY, Place::Header).unwrap()),
            "IdempotencyKey(..)"
        );
    }
}
