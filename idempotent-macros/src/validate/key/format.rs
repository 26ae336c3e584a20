//! What the key looks like.

use super::source::KeySource;
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

pub(in crate::validate) fn format(option: &Given<Value>, errors: &mut Errors) -> Option<KeyFormat> {
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
        ("quoted", _) => Some(KeyFormat::Quoted),
        _ => Some(KeyFormat::Uuid),
    }
}

/// Whether a key of this format can come from there. `key` is sound by now, or what is asked of it would be a second
/// mistake in the place of the first.
pub(in crate::validate) fn fits(
    format: Option<KeyFormat>,
    option: Option<&Given<Value>>,
    key: Option<&KeySource>,
    errors: &mut Errors,
) {
    let (Some(KeyFormat::Quoted), Some(option), Some(key)) = (format, option, key) else {
        return;
    };
    let elsewhere = match key {
        KeySource::Header(_) => return,
        KeySource::FirstOf(places) => {
            if places.iter().all(|it| matches!(it, KeySource::Header(_))) {
                return;
            }
            "this key may come in another place"
        }
        _ => "this key does not come in one",
    };
    errors.at(
        &option.value,
        format_args!("`quoted` is a format of headers, and {elsewhere}"),
        "write another format, such as `any(1..=255)`, or `key = header(\"Idempotency-Key\")`",
    );
}
