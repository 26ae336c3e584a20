//! `operation`: what a key is bound to beside its scope.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Lit;

use crate::errors::Errors;
use crate::grammar::choice::{Choice, choose};
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::Value;

pub(super) const OPTION: Spec = Spec {
    name: "operation",
    example: "operation = route",
    not_yet: None,
    rows: &[
        Row {
            doors: Door::WEB,
            about: "what a key is bound to beside its scope",
            values: "`route` (method and route template, whatever its parameters are called) · `path` (method and concrete \
                 path) · `\"a name\"`, which endpoints can share",
            default: "`route`",
        },
        Row {
            doors: Door::TASK,
            about: "what a key is bound to beside its scope",
            values: "`\"a name\"`, which tasks can share",
            default: "none: you must say it",
        },
    ],
};

pub(super) fn tokens(option: &Given<Value>, errors: &mut Errors) -> Option<TokenStream> {
    if let Value::Literal(Lit::Str(name)) = &option.value {
        if name.value().is_empty() {
            errors.at(
                name,
                "an operation's name cannot be empty",
                "write a name, or `operation = route`",
            );
            return None;
        }
        return Some(quote!(__idempotent::Operation::Named(#name)));
    }
    let or = match &option.value {
        Value::Word(name) if name.arguments.is_none() => {
            format!(", or a name in quotes, `operation = \"{}\"`", name.word)
        }
        _ => ", or a name in quotes".to_owned(),
    };
    let choices = [Choice::word("route"), Choice::word("path")];
    let chosen = choose(option, &choices, &or, errors)?;
    Some(if chosen.word == "path" {
        quote!(__idempotent::Operation::Path)
    } else {
        quote!(__idempotent::Operation::Route)
    })
}
