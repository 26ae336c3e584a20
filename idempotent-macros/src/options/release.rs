//! `release`: which outcomes give the key back.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Lit;

use crate::errors::Errors;
use crate::grammar::choice::{Choice, choose};
use crate::grammar::numbers;
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::Value;

pub(super) const OPTION: Spec = Spec {
    name: "release",
    example: "release = [429, 503]",
    not_yet: None,
    rows: &[
        Row {
            doors: Door::WEB,
            about: "which outcomes give the key back",
            values: "a list of statuses, `[429, 502..=504]` · `failures` (all but 2xx and 3xx) · `never`",
            default: "`[401, 408, 425, 429, 503]`",
        },
        Row {
            doors: Door::TASK,
            about: "which errors give the key back",
            values: "`failures` (every error) · `never`",
            default: "errors that can't be recorded, because they don't implement `Serialize` and `DeserializeOwned`",
        },
    ],
};

pub(super) fn tokens(option: &Given<Value>, errors: &mut Errors) -> Option<TokenStream> {
    match &option.value {
        Value::List(list) => {
            let ranges = numbers::statuses(list, errors)?
                .into_iter()
                .map(|(first, last)| quote!(__idempotent::StatusRange::new(#first, #last)));
            return Some(quote!(__idempotent::Release::Statuses(&[#(#ranges),*])));
        }
        Value::Literal(literal) => {
            if let Some(meant) = meant_list(literal) {
                let help = format_args!("write {meant}");
                errors.at(literal, "`release` takes a list of statuses", help);
                return None;
            }
        }
        _ => {}
    }
    let choices = [Choice::word("failures"), Choice::word("never")];
    let or = ", or a list of statuses, such as `[429, 502..=504]`";
    let chosen = choose(option, &choices, or, errors)?;
    Some(if chosen.word == "never" {
        quote!(__idempotent::Release::Never)
    } else {
        quote!(__idempotent::Release::Failures)
    })
}

/// For one status, or a class of them, that isn't in a list.
fn meant_list(literal: &Lit) -> Option<String> {
    if let Some(status) = numbers::meant_status(literal) {
        return Some(format!("`release = [{status}]`"));
    }
    match literal {
        Lit::Int(number) => {
            let class = numbers::class(number)?;
            Some(numbers::meant_class(class, "release = [", "]"))
        }
        _ => None,
    }
}
