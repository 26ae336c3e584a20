//! `key_format`: what a key looks like.

use proc_macro2::TokenStream;
use quote::quote;

use super::key::Place;
use crate::errors::Errors;
use crate::grammar::choice::{Choice, choose};
use crate::grammar::numbers;
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::Value;

pub(super) const OPTION: Spec = Spec {
    name: "key_format",
    example: "key_format = any(1..=255)",
    not_yet: None,
    rows: &[
        Row {
            doors: Door::WEB,
            about: "what a key looks like",
            values: "`any(1..=255)` · `ascii(16..=128)` (outside headers, any ASCII text) · `uuid` · `quoted` (a \
                 structured-field string and nothing else, in headers only; under the others `\"k\"` and `k` are one key)",
            default: "`any(1..=255)`",
        },
        Row {
            doors: Door::TASK,
            about: "what a key looks like",
            values: "`any(1..=255)` · `ascii(16..=128)` · `uuid`",
            default: "`any(1..=255)`",
        },
    ],
};

pub(crate) fn tokens(option: &Given<Value>, errors: &mut Errors) -> Option<TokenStream> {
    const CHOICES: [Choice; 4] = [
        Choice::with("any", "any(1..=255)"),
        Choice::with("ascii", "ascii(16..=128)"),
        Choice::word("uuid"),
        Choice::word("quoted"),
    ];
    let chosen = choose(option, &CHOICES, "", errors)?;
    Some(match (chosen.word, chosen.arguments) {
        ("any", Some(arguments)) => {
            let (min, max) = numbers::lengths("any", arguments, errors)?;
            quote!(__idempotent::KeyFormat::any(#min, #max))
        }
        ("ascii", Some(arguments)) => {
            let (min, max) = numbers::lengths("ascii", arguments, errors)?;
            quote!(__idempotent::KeyFormat::ascii(#min, #max))
        }
        ("quoted", _) => quote!(__idempotent::KeyFormat::Quoted),
        _ => quote!(__idempotent::KeyFormat::Uuid),
    })
}

/// Whether a key from one of these places can have this format. The places are sound: one mistake isn't reported as two.
pub(crate) fn fits(format: Option<&Given<Value>>, places: &[Place], errors: &mut Errors) {
    let Some(format) = format.filter(|it| it.value.is_word("quoted")) else {
        return;
    };
    if places.iter().all(Place::is_a_header) {
        return;
    }
    let elsewhere = match places {
        [_] => "this key does not come in one",
        _ => "this key may come in another place",
    };
    errors.at(
        &format.value,
        format_args!("`quoted` is a format of headers, and {elsewhere}"),
        "write another format, such as `any(1..=255)`, or `key = header(\"Idempotency-Key\")`",
    );
}

/// Whether keys that come in no header can have this format.
pub(crate) fn outside_headers(format: Option<&Given<Value>>, errors: &mut Errors) {
    if let Some(format) = format.filter(|it| it.value.is_word("quoted")) {
        errors.at(
            &format.value,
            "`quoted` is a format of headers, and a task has none",
            "write another format, such as `any(1..=255)`",
        );
    }
}
