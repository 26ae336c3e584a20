//! Finding a key in a request body: JSON by pointer (RFC 6901), or a form's field.
//!
//! The document is read once and nothing of it is built but the key. A name that stands twice on the way is an error:
//! parsers differ in which one they take, and the handler's might take the other.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::InvalidKey;
use crate::json_pointer::{index, segments};

/// What stands where the key is looked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing, or null.
    Missing,
    /// Text.
    Text(String),
}

/// Looks into a JSON document. `place` is a JSON pointer where it starts with a slash, else a top-level field's name.
///
/// An empty body holds no key; a body that is not JSON, a name that is repeated and a value that is not a string are
/// invalid.
pub(crate) fn find_in_json(body: &[u8], place: &str) -> Result<Found, InvalidKey> {
    if body.trim_ascii().is_empty() {
        return Ok(Found::Missing);
    }
    let path = segments(place);
    let mut json = serde_json::Deserializer::from_slice(body);
    let found = At { path: &path }
        .deserialize(&mut json)
        .map_err(|_| InvalidKey)?;
    json.end().map_err(|_| InvalidKey)?;
    found
}

/// Looks into an `application/x-www-form-urlencoded` document.
pub(crate) fn find_in_form(body: &[u8], place: &str) -> Result<Found, InvalidKey> {
    let path = segments(place);
    let [name] = path.as_slice() else {
        return Ok(Found::Missing);
    };
    let mut values = form_urlencoded::parse(body)
        .filter(|(field, _)| field == name)
        .map(|(_, value)| value);
    match (values.next(), values.next()) {
        (None, _) => Ok(Found::Missing),
        (Some(value), None) => Ok(Found::Text(value.into_owned())),
        (Some(_), Some(_)) => Err(InvalidKey),
    }
}

/// Reads the value at a path below here.
struct At<'p> {
    path: &'p [Cow<'p, str>],
}

type Looked = Result<Found, InvalidKey>;

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Looked;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Looked, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl At<'_> {
    /// A value that is neither object nor array: the key, if the path ends here.
    fn leaf(&self, found: impl FnOnce() -> Looked) -> Looked {
        if self.path.is_empty() {
            found()
        } else {
            Ok(Found::Missing)
        }
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = Looked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_str<E>(self, value: &str) -> Result<Looked, E> {
        Ok(self.leaf(|| Ok(Found::Text(value.to_owned()))))
    }

    fn visit_unit<E>(self) -> Result<Looked, E> {
        Ok(self.leaf(|| Ok(Found::Missing)))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Looked, E> {
        Ok(self.leaf(|| Err(InvalidKey)))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Looked, E> {
        Ok(self.leaf(|| Err(InvalidKey)))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Looked, E> {
        Ok(self.leaf(|| Err(InvalidKey)))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Looked, E> {
        Ok(self.leaf(|| Err(InvalidKey)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Looked, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            match self.path.split_first() {
                Some((segment, rest)) if *segment == name => {
                    if found.is_some() {
                        return Err(A::Error::custom("a repeated name"));
                    }
                    found = Some(map.next_value_seed(At { path: rest })?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found.unwrap_or_else(|| self.leaf(|| Err(InvalidKey))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Looked, A::Error> {
        let wanted = self
            .path
            .split_first()
            .and_then(|(segment, rest)| Some((index(segment)?, rest)));
        let mut found = None;
        for at in 0_usize.. {
            let more = match wanted {
                Some((index, rest)) if index == at => {
                    found = seq.next_element_seed(At { path: rest })?;
                    found.is_some()
                }
                _ => seq.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                break;
            }
        }
        Ok(found.unwrap_or_else(|| self.leaf(|| Err(InvalidKey))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(body: &str, place: &str) -> Looked {
        find_in_json(body.as_bytes(), place)
    }

    #[allow(
        clippy::unnecessary_wraps,
        reason = "it stands beside what a look-up returns"
    )]
    fn text(value: &str) -> Looked {
        Ok(Found::Text(value.to_owned()))
    }

    #[test]
    fn a_field_is_found_by_name() {
        assert_eq!(json(r#"{"a":1,"key":"k","b":[{}]}"#, "key"), text("k"));
        assert_eq!(json(r#"{"a/b":"k"}"#, "a/b"), text("k"));
        assert_eq!(json(r#"{"\u006bey":"k\u0041"}"#, "key"), text("kA"));
    }

    #[test]
    fn a_pointer_leads_through_objects_and_arrays() {
        let body = r#"{"event":{"ids":[{"id":"zero"},{"id":"one"}]},"a/b":{"m~n":"escaped"}}"#;
        assert_eq!(json(body, "/event/ids/1/id"), text("one"));
        assert_eq!(json(body, "/a~1b/m~0n"), text("escaped"));
        for nowhere in [
            "/event/ids/2/id",
            "/event/ids/01/id",
            "/event/ids/-/id",
            "/event/ids/+1/id",
            "/none",
            "/event/ids/1/id/x",
        ] {
            assert_eq!(json(body, nowhere), Ok(Found::Missing), "{nowhere}");
        }
        assert_eq!(json(r#"{"":"empty name"}"#, "/"), text("empty name"));
    }

    #[test]
    fn absent_null_and_an_empty_body_are_missing() {
        for body in [
            "{}",
            r#"{"key":null}"#,
            "",
            "  ",
            "[]",
            "\"key\"",
            "null",
            r#"{"other":"k"}"#,
        ] {
            assert_eq!(json(body, "key"), Ok(Found::Missing), "{body}");
        }
    }

    #[test]
    fn what_is_not_a_string_is_invalid() {
        for body in [
            r#"{"key":1}"#,
            r#"{"key":-1}"#,
            r#"{"key":1.5}"#,
            r#"{"key":true}"#,
            r#"{"key":[]}"#,
            r#"{"key":{}}"#,
        ] {
            assert_eq!(json(body, "key"), Err(InvalidKey), "{body}");
        }
    }

    #[test]
    fn what_is_not_json_is_invalid() {
        for body in [
            "{",
            "key=k",
            r#"{"key":"k"} x"#,
            "{\"key\":\"k\u{1}\"}",
            r#"{"key":"k","#,
        ] {
            assert_eq!(json(body, "key"), Err(InvalidKey), "{body}");
        }
        assert_eq!(find_in_json(b"{\"key\":\"\xff\"}", "key"), Err(InvalidKey));
    }

    #[test]
    fn a_repeated_name_on_the_way_is_invalid_and_elsewhere_it_does_not_matter() {
        assert_eq!(json(r#"{"key":"a","key":"b"}"#, "key"), Err(InvalidKey));
        assert_eq!(
            json(r#"{"key":"a","\u006bey":"a"}"#, "key"),
            Err(InvalidKey)
        );
        assert_eq!(json(r#"{"e":{"id":"a"},"e":{}}"#, "/e/id"), Err(InvalidKey));
        assert_eq!(json(r#"{"key":"a","x":1,"x":2}"#, "key"), text("a"));
    }

    #[test]
    fn a_form_field_is_found_by_name() {
        let form = |body: &str, place| find_in_form(body.as_bytes(), place);
        assert_eq!(form("a=1&key=k%20v", "key"), text("k v"));
        assert_eq!(form("key=k", "/key"), text("k"));
        assert_eq!(form("a=1", "key"), Ok(Found::Missing));
        assert_eq!(form("key=k", "/key/deeper"), Ok(Found::Missing));
        assert_eq!(form("key=a&key=a", "key"), Err(InvalidKey));
    }
}
