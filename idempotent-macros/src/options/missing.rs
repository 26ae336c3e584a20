//! `missing`: what a request without a key gets.

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;
use crate::grammar::choice::{Choice, choose};
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::Value;

pub(super) const OPTION: Spec = Spec {
    name: "missing",
    example: "missing = reject",
    not_yet: None,
    rows: &[
        Row {
            doors: Door::WEB,
            about: "the request has no key",
            values: "`reject` (400) · `unprotected` (the handler runs without protection)",
            default: "`reject`",
        },
        Row {
            doors: Door::TASK,
            about: "the key is `None`",
            values: "`reject` · `unprotected` (the body runs without protection)",
            default: "`reject`",
        },
    ],
};

pub(super) fn tokens(option: &Given<Value>, errors: &mut Errors) -> Option<TokenStream> {
    let choices = [Choice::word("reject"), Choice::word("unprotected")];
    let chosen = choose(option, &choices, "", errors)?;
    Some(if chosen.word == "unprotected" {
        quote!(__idempotent::Missing::Unprotected)
    } else {
        quote!(__idempotent::Missing::Reject)
    })
}
