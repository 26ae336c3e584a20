//! `pending`: what a retry gets while the first attempt runs.

use proc_macro2::TokenStream;
use quote::quote;

use super::deadline::{self, Deadline};
use crate::errors::Errors;
use crate::grammar::choice::{Choice, choose};
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::Value;
use crate::grammar::{duration, numbers};

pub(super) const OPTION: Spec = Spec {
    name: "pending",
    example: "pending = reject",
    not_yet: None,
    rows: &[
        Row {
            doors: Door::WEB,
            about: "the first attempt is still running",
            values: "`reject` · `reject(425)`, any 4xx · `wait(\"5s\")` (waits at most this long for the outcome, then \
                 rejects) · `provisional(\"5s\")` (waits likewise for what the first attempt publishes)",
            default: "`reject`, with 409 and `Retry-After`",
        },
        Row {
            doors: Door::TASK,
            about: "the first attempt is still running",
            values: "`reject` · `wait(\"5s\")` (waits at most this long for the value, then rejects) · `provisional(\"5s\")` (waits \
                 likewise for what the first attempt publishes)",
            default: "`reject`",
        },
    ],
};

/// The status if none is written. It is the runtime's default.
pub(super) const STATUS: u16 = 409;

const CHOICES: [Choice; 3] = [
    Choice::perhaps_with("reject", "reject(409)"),
    Choice::with("wait", "wait(\"5s\")"),
    Choice::with("provisional", "provisional(\"5s\")"),
];

pub(super) fn tokens(option: &Given<Value>, errors: &mut Errors) -> Option<TokenStream> {
    if let Value::Literal(time) = &option.value
        && let Some(written) = duration::meant(time)
    {
        errors.at(
            time,
            "a time alone does not say what a retry gets",
            format_args!(
                "write `pending = wait(\"{written}\")` for the outcome, or `pending = provisional(\"{written}\")` for what is published meanwhile"
            ),
        );
        return None;
    }
    let chosen = choose(option, &CHOICES, "", errors)?;
    Some(match (chosen.word, chosen.arguments) {
        ("wait", Some(time)) => {
            let time = duration::tokens(duration::within(option, "wait", time, errors)?);
            quote!(__idempotent::Pending::Wait(#time))
        }
        ("provisional", Some(time)) => {
            let time = duration::tokens(duration::within(option, "provisional", time, errors)?);
            quote!(__idempotent::Pending::Provisional(#time))
        }
        (_, Some(status)) => {
            let status = numbers::refusal(status, errors)?;
            quote!(__idempotent::Pending::Reject(#status))
        }
        (_, None) => quote!(__idempotent::Pending::Reject(#STATUS)),
    })
}

/// A retry can't wait for longer than an attempt may run. Reports nothing if the deadline isn't known, or if either option is
/// a mistake by itself.
pub(crate) fn fits(
    pending: Option<&Given<Value>>,
    deadline: Option<&Given<Value>>,
    shared_policy: bool,
    errors: &mut Errors,
) {
    let (Some(Value::Word(word)), Some(Deadline { millis, is_default })) = (
        pending.map(|option| &option.value),
        deadline::known(deadline, shared_policy),
    ) else {
        return;
    };
    let Some(time) = word.arguments.as_ref().filter(|_| word.word != "reject") else {
        return;
    };
    if duration::millis_within(time).is_some_and(|wait| wait > millis) {
        let by_default = if is_default { ", 15m by default" } else { "" };
        errors.at(
            &time.tokens,
            format_args!("this is longer than the deadline{by_default}"),
            "write a shorter time or a longer `deadline`: an attempt is over at its deadline",
        );
    }
}
