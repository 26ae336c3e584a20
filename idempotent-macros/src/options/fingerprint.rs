//! `fingerprint`: which part of the body makes a request the same request.

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;
use crate::grammar::choice::{Choice, choose};
use crate::grammar::pointer;
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::Value;

pub(super) const OPTION: Spec = Spec {
    name: "fingerprint",
    example: "fingerprint = body",
    not_yet: None,
    rows: &[Row {
        doors: Door::WEB,
        about: "what makes a request the same request: method, path and query always, and this of the body",
        values: "`body` (its bytes; a multipart form by its parts) · `json` (its JSON value, in whatever order and \
                 spacing; integers keep all digits) · `fields(\"/amount\", …)` (the values at these JSON pointers) · \
                 `except(\"/sent_at\", …)` (everything but the values there) · `none`",
        default: "`body`",
    }],
};

pub(super) fn tokens(option: &Given<Value>, errors: &mut Errors) -> Option<TokenStream> {
    const CHOICES: [Choice; 5] = [
        Choice::word("body"),
        Choice::word("json"),
        Choice::with("fields", "fields(\"/amount\")"),
        Choice::with("except", "except(\"/sent_at\")"),
        Choice::word("none"),
    ];
    let chosen = choose(option, &CHOICES, "", errors)?;
    Some(match (chosen.word, chosen.arguments) {
        ("fields", Some(arguments)) => {
            let pointers = pointer::list("fields", arguments, errors)?;
            quote!(__idempotent::FingerprintOf::Fields(&[#(#pointers),*]))
        }
        ("except", Some(arguments)) => {
            let pointers = pointer::list("except", arguments, errors)?;
            quote!(__idempotent::FingerprintOf::Except(&[#(#pointers),*]))
        }
        ("json", _) => quote!(__idempotent::FingerprintOf::Json),
        ("none", _) => quote!(__idempotent::FingerprintOf::None),
        _ => quote!(__idempotent::FingerprintOf::Body),
    })
}
