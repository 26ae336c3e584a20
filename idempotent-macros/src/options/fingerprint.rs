//! `fingerprint`: which part of the body makes a request the same request.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Expr;

use crate::arguments_in_scope::{ArgumentsInScope, Seen};
use crate::errors::Errors;
use crate::grammar::choice::{Choice, choose};
use crate::grammar::pointer;
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::{Value, as_expression};

pub(super) const OPTION: Spec = Spec {
    name: "fingerprint",
    example: "fingerprint = body",
    not_yet: None,
    rows: &[
        Row {
            doors: Door::WEB,
            about: "what makes a request the same request: method, path and query always, and this of the body",
            values: "`body` (its bytes; a multipart form by its parts) · `json` (its JSON value, in whatever order and \
                 spacing; integers keep all digits) · `fields(\"/amount\", …)` (the values at these JSON pointers) · \
                 `except(\"/sent_at\", …)` (everything but the values there) · `none`",
            default: "`body`",
        },
        Row {
            doors: Door::TASK,
            about: "which arguments make another call of it",
            values: "an expression over arguments and `self`, or a tuple of them: values that implement `Serialize`, compared as \
                 JSON · `none`",
            default: "none: you must say it",
        },
    ],
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

/// The arguments of a task that count; none for `none`.
pub(crate) fn arguments(
    option: &Given<Value>,
    arguments: &ArgumentsInScope<'_>,
    errors: &mut Errors,
) -> Vec<Seen> {
    if option.value.is_word("none") {
        return Vec::new();
    }
    let Some(expression) = as_expression(&option.value) else {
        errors.at(
            &option.value,
            "`fingerprint` takes an expression over arguments, a tuple of them, or `none`",
            "write for example `fingerprint = (event.kind, event.amount)`",
        );
        return Vec::new();
    };
    let parts: Vec<&Expr> = match &expression {
        Expr::Tuple(tuple) => tuple.elems.iter().collect(),
        one => vec![one],
    };
    let seen = parts.iter().map(|part| arguments.see(part, errors));
    let seen: Vec<Option<Seen>> = seen.collect();
    let Some(seen) = seen.into_iter().collect::<Option<Vec<Seen>>>() else {
        return Vec::new();
    };
    if !seen.iter().any(|part| part.names_one) {
        let or = "; where calls under one key are never compared, write `fingerprint = none`";
        arguments.names_none("fingerprint", &expression, or, errors);
    }
    seen
}
