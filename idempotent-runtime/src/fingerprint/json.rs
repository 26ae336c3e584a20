//! JSON bodies by value.
//!
//! RFC 8785 gives every JSON value one form: members in order, no white space, numbers as ECMAScript prints them. It
//! takes numbers for doubles, so that two integers above 2^53 can have one form. Here integers keep all their digits:
//! one that no double equals stands in the form as a text that no other text can be.

#[cfg(feature = "web")]
mod pointers;

use std::borrow::Cow;

use json_event_parser::{JsonEvent, SliceJsonParser};
use serde_json::{Map, Number, Value};

use crate::digest::Fields;

/// Deeper documents count by their bytes.
const DEEPEST: usize = 128;

/// Stands before the digits of an integer that no double equals. A text that begins with it begins with it twice.
const DIGITS: char = '\0';

/// A JSON document, understood.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Canonical(Value);

impl Canonical {
    /// Understands a document; `None` if it is no JSON, repeats a name in an object, nests too deep, or holds a number
    /// beyond the doubles.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader {
            parser: SliceJsonParser::new(bytes),
            depth: 0,
        };
        let first = reader.next()?;
        let value = reader.value(first)?;
        match reader.next()? {
            JsonEvent::Eof => Some(Self(value)),
            _ => None,
        }
    }

    /// Hashes the whole document.
    pub(super) fn hash_into(&self, fields: &mut Fields) {
        fields.push(b"json");
        hash_value(&self.0, fields);
    }
}

fn hash_value(value: &Value, fields: &mut Fields) {
    // Only numbers beyond the doubles could fail, and there are none in a parsed document. If one did, two spellings of a
    // document would differ; never would two documents be taken for one.
    let canonical = serde_json_canonicalizer::to_vec(value);
    fields.push(&canonical.unwrap_or_else(|_| value.to_string().into_bytes()));
}

/// Builds a value from a parser's events.
struct Reader<'b> {
    parser: SliceJsonParser<'b>,
    /// How many arrays and objects are open.
    depth: usize,
}

impl<'b> Reader<'b> {
    fn next(&mut self) -> Option<JsonEvent<'b>> {
        self.parser.parse_next().ok()
    }

    fn value(&mut self, event: JsonEvent<'b>) -> Option<Value> {
        match event {
            JsonEvent::Null => Some(Value::Null),
            JsonEvent::Boolean(value) => Some(Value::Bool(value)),
            JsonEvent::String(text) => Some(Value::String(apart_from_digits(text))),
            JsonEvent::Number(text) => number(&text),
            JsonEvent::StartArray => self.nested(Self::array),
            JsonEvent::StartObject => self.nested(Self::object),
            _ => None,
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Value>) -> Option<Value> {
        if self.depth == DEEPEST {
            return None;
        }
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Some(value)
    }

    fn array(&mut self) -> Option<Value> {
        let mut elements = Vec::new();
        loop {
            match self.next()? {
                JsonEvent::EndArray => return Some(Value::Array(elements)),
                event => elements.push(self.value(event)?),
            }
        }
    }

    fn object(&mut self) -> Option<Value> {
        let mut members = Map::new();
        loop {
            match self.next()? {
                JsonEvent::EndObject => return Some(Value::Object(members)),
                JsonEvent::ObjectKey(name) => {
                    let event = self.next()?;
                    let value = self.value(event)?;
                    if members.insert(name.into_owned(), value).is_some() {
                        return None;
                    }
                }
                _ => return None,
            }
        }
    }
}

fn apart_from_digits(text: Cow<'_, str>) -> String {
    if text.starts_with(DIGITS) {
        format!("{DIGITS}{text}")
    } else {
        text.into_owned()
    }
}

/// Numbers are equal as doubles are; integers that no double equals by their digits.
fn number(text: &str) -> Option<Value> {
    let double: f64 = text.parse().ok()?;
    // Adding zero makes -0 the 0 that it equals.
    let number = Number::from_f64(double + 0.0)?;
    let is_integer = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-');
    // A double equals every integer of fifteen digits. Written without a fraction it shows every digit that it has.
    if is_integer && text.len() > 15 && format!("{double:.0}") != text {
        return Some(Value::String(format!("{DIGITS}{text}")));
    }
    Some(Value::Number(number))
}

#[cfg(test)]
mod tests;
