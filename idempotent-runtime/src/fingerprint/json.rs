//! JSON bodies by value.
//!
//! RFC 8785 gives every JSON value one form: members in order, no white space, numbers as ECMAScript prints them. It
//! takes numbers for doubles, so that two integers above 2^53 can have one form. Here integers keep all their digits:
//! those that a double cannot hold count beside the form, each with the place where it stands.

use std::borrow::Cow;
use std::collections::BTreeMap;

use json_event_parser::{JsonEvent, SliceJsonParser};
use serde_json::{Map, Number, Value};

use crate::digest::Fields;

/// Deeper documents count by their bytes.
const DEEPEST: usize = 128;

/// The largest integer up to which a double holds every integer.
const LARGEST_EXACT: u64 = 1 << 53;

/// A JSON document, understood.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Canonical {
    value: Value,
    /// The digits of the integers that a double cannot hold, by their JSON pointers.
    integers: BTreeMap<String, String>,
}

impl Canonical {
    /// Understands a document; `None` if it is no JSON, repeats a name in an object, nests too deep, or holds a number
    /// beyond the doubles.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader {
            parser: SliceJsonParser::new(bytes),
            path: Vec::new(),
            integers: BTreeMap::new(),
        };
        let first = reader.next()?;
        let value = reader.value(first)?;
        match reader.next()? {
            JsonEvent::Eof => Some(Self {
                value,
                integers: reader.integers,
            }),
            _ => None,
        }
    }

    /// Hashes the whole document.
    pub(super) fn hash_into(&self, fields: &mut Fields) {
        fields.push(b"json");
        hash_value(&self.value, fields);
        hash_integers(self.integers.iter(), fields);
    }

    /// Hashes what stands at these pointers. What is absent differs from null.
    pub(super) fn hash_fields_into(&self, pointers: &[&str], fields: &mut Fields) {
        fields.push(b"fields");
        for pointer in pointers {
            fields.push(pointer.as_bytes());
            match self.value.pointer(pointer) {
                None => fields.push(b"absent"),
                Some(value) => {
                    fields.push(b"present");
                    hash_value(value, fields);
                }
            }
            hash_integers(
                self.integers
                    .iter()
                    .filter(|(place, _)| is_at_or_below(place, pointer)),
                fields,
            );
        }
    }

    /// The document without what stands at these pointers.
    pub(super) fn without(mut self, pointers: &[&str]) -> Self {
        self.integers.retain(|place, _| {
            !pointers
                .iter()
                .any(|pointer| is_at_or_below(place, pointer))
        });
        // Null stands in for elements of arrays while others are taken out, so that places do not shift.
        let mut holes = Vec::new();
        for pointer in pointers {
            if let Some((parent, last)) = pointer.rsplit_once('/') {
                match self.value.pointer_mut(parent) {
                    Some(Value::Object(members)) => {
                        members.remove(&*unescape(last));
                    }
                    Some(Value::Array(elements)) => {
                        if let Some(element) = index(last).and_then(|index| elements.get_mut(index))
                        {
                            *element = Value::Null;
                            holes.push(*pointer);
                        }
                    }
                    _ => {}
                }
            }
        }
        self.integers.extend(
            holes
                .into_iter()
                .map(|place| (place.to_owned(), String::new())),
        );
        self
    }
}

fn hash_value(value: &Value, fields: &mut Fields) {
    // Only numbers beyond the doubles could fail, and there are none in a parsed document.
    fields.push(&serde_json_canonicalizer::to_vec(value).unwrap_or_default());
}

fn hash_integers<'a>(
    integers: impl Iterator<Item = (&'a String, &'a String)>,
    fields: &mut Fields,
) {
    for (place, digits) in integers {
        fields.push(place.as_bytes());
        fields.push(digits.as_bytes());
    }
    fields.push(b"end");
}

fn is_at_or_below(place: &str, pointer: &str) -> bool {
    place
        .strip_prefix(pointer)
        .is_some_and(|below| below.is_empty() || below.starts_with('/'))
}

fn escape(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) {
        Cow::Owned(name.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(name)
    }
}

fn unescape(segment: &str) -> Cow<'_, str> {
    if segment.contains('~') {
        Cow::Owned(segment.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(segment)
    }
}

fn index(segment: &str) -> Option<usize> {
    if segment.starts_with('+') || (segment.starts_with('0') && segment.len() != 1) {
        return None;
    }
    segment.parse().ok()
}

/// Builds a value from a parser's events.
struct Reader<'b> {
    parser: SliceJsonParser<'b>,
    /// The pointer's segments down to here, escaped.
    path: Vec<String>,
    integers: BTreeMap<String, String>,
}

impl<'b> Reader<'b> {
    fn next(&mut self) -> Option<JsonEvent<'b>> {
        self.parser.parse_next().ok()
    }

    fn value(&mut self, event: JsonEvent<'b>) -> Option<Value> {
        if self.path.len() > DEEPEST {
            return None;
        }
        match event {
            JsonEvent::Null => Some(Value::Null),
            JsonEvent::Boolean(value) => Some(Value::Bool(value)),
            JsonEvent::String(value) => Some(Value::String(value.into_owned())),
            JsonEvent::Number(text) => self.number(&text),
            JsonEvent::StartArray => self.array(),
            JsonEvent::StartObject => self.object(),
            _ => None,
        }
    }

    fn number(&mut self, text: &str) -> Option<Value> {
        let number: f64 = text.parse().ok()?;
        let is_integer = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
        #[allow(clippy::cast_precision_loss, reason = "2^53 is a double")]
        if is_integer && number.abs() > LARGEST_EXACT as f64 {
            let place = self
                .path
                .iter()
                .flat_map(|segment| ["/", segment])
                .collect();
            self.integers.insert(place, text.to_owned());
        }
        // Adding zero makes -0 the 0 that it equals.
        Some(Value::Number(Number::from_f64(number + 0.0)?))
    }

    fn array(&mut self) -> Option<Value> {
        let mut elements = Vec::new();
        loop {
            match self.next()? {
                JsonEvent::EndArray => return Some(Value::Array(elements)),
                event => {
                    self.path.push(elements.len().to_string());
                    elements.push(self.value(event)?);
                    self.path.pop();
                }
            }
        }
    }

    fn object(&mut self) -> Option<Value> {
        let mut members = Map::new();
        loop {
            match self.next()? {
                JsonEvent::EndObject => return Some(Value::Object(members)),
                JsonEvent::ObjectKey(name) => {
                    self.path.push(escape(&name).into_owned());
                    let event = self.next()?;
                    let value = self.value(event)?;
                    self.path.pop();
                    if members.insert(name.into_owned(), value).is_some() {
                        return None;
                    }
                }
                _ => return None,
            }
        }
    }
}
