//! What the key looks like.

use super::source::KeySource;
use super::{Key, Place, Written};
use crate::errors::Errors;
use crate::options::{Given, Value};
use crate::validate::choice::{Choice, choose};
use crate::validate::range;

/// What a key looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyFormat {
    Any { min: u16, max: u16 },
    Ascii { min: u16, max: u16 },
    Uuid,
    Quoted,
}

pub(in crate::validate) fn format(
    option: &Given<Value>,
    key: Option<&Key>,
    errors: &mut Errors,
) -> Option<KeyFormat> {
    const CHOICES: [Choice; 4] = [
        Choice::with("any", "any(1..=255)"),
        Choice::with("ascii", "ascii(16..=128)"),
        Choice::word("uuid"),
        Choice::word("quoted"),
    ];
    let chosen = choose(option, &CHOICES, "", errors)?;
    match (chosen.word, chosen.arguments) {
        ("any", Some(arguments)) => {
            let (min, max) = range::lengths("any", arguments, errors)?;
            Some(KeyFormat::Any { min, max })
        }
        ("ascii", Some(arguments)) => {
            let (min, max) = range::lengths("ascii", arguments, errors)?;
            Some(KeyFormat::Ascii { min, max })
        }
        ("quoted", _) => {
            if let Some(key) = key.filter(|key| !is_in_headers(key)) {
                let elsewhere = match key.written {
                    Written::Alone => "this key does not come in one",
                    Written::InAList => "this key may come in another place",
                };
                errors.at(
                    chosen.ident,
                    format_args!("`quoted` is a format of headers, and {elsewhere}"),
                    "write another format, such as `any(1..=255)`, or `key = header(\"Idempotency-Key\")`",
                );
                return None;
            }
            Some(KeyFormat::Quoted)
        }
        _ => Some(KeyFormat::Uuid),
    }
}

fn is_in_headers(key: &Key) -> bool {
    let in_header = |place: &Place| matches!(place, Place::Source(KeySource::Header(_)));
    key.places.iter().all(in_header)
}
