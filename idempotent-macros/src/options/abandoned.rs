//! `abandoned`: what a retry gets after an attempt ended without an outcome.

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;
use crate::grammar::choice::{Choice, choose};
use crate::grammar::numbers;
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::Value;

pub(super) const OPTION: Spec = Spec {
    name: "abandoned",
    example: "abandoned = rerun",
    not_yet: None,
    rows: &[Row {
        doors: Door::EVERY,
        about: "the first attempt ended without an outcome",
        values: "`rerun` · `rerun(3)` (after this many abandoned attempts as `refuse`) · `refuse` (409, until somebody \
                 settles the record)",
        default: "`rerun`",
    }],
};

pub(super) fn tokens(option: &Given<Value>, errors: &mut Errors) -> Option<TokenStream> {
    let choices = [
        Choice::perhaps_with("rerun", "rerun"),
        Choice::word("refuse"),
        Choice::not_yet(
            "reconcile",
            "write `abandoned = refuse` to answer 409 until somebody settles it",
        ),
    ];
    let chosen = choose(option, &choices, "", errors)?;
    Some(match (chosen.word, chosen.arguments) {
        ("refuse", _) => quote!(__idempotent::Abandoned::Refuse),
        (_, Some(attempts)) => {
            let attempts = numbers::attempts(attempts, errors)?;
            quote!(__idempotent::Abandoned::RerunUpTo(#attempts))
        }
        (_, None) => quote!(__idempotent::Abandoned::Rerun),
    })
}
