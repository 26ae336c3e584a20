//! `mismatch`: what another request under the same key gets.

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;
use crate::grammar::choice::{Choice, choose};
use crate::grammar::numbers;
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::Value;

pub(super) const OPTION: Spec = Spec {
    name: "mismatch",
    example: "mismatch = reject",
    not_yet: None,
    rows: &[
        Row {
            doors: Door::WEB,
            about: "the key was used for another request",
            values: "`reject` · `reject(409)`, any 4xx · `separate` (the request runs as an operation of its own)",
            default: "`reject`, with 422",
        },
        Row {
            doors: Door::TASK,
            about: "the key was used for other arguments",
            values: "`reject` · `separate` (the call is an operation of its own)",
            default: "`reject`",
        },
    ],
};

/// The status if none is written. It is the runtime's default.
pub(super) const STATUS: u16 = 422;

pub(super) fn tokens(option: &Given<Value>, errors: &mut Errors) -> Option<TokenStream> {
    let choices = [
        Choice::perhaps_with("reject", "reject(422)"),
        Choice::word("separate"),
    ];
    let chosen = choose(option, &choices, "", errors)?;
    if chosen.word == "separate" {
        return Some(quote!(__idempotent::Mismatch::Separate));
    }
    let status = match chosen.arguments {
        Some(status) => numbers::refusal(status, errors)?,
        None => STATUS,
    };
    Some(quote!(__idempotent::Mismatch::Reject(#status)))
}
