//! `deadline`: the longest that an attempt may run.

use proc_macro2::TokenStream;

use crate::errors::Errors;
use crate::grammar::duration;
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::Value;

pub(super) const OPTION: Spec = Spec {
    name: "deadline",
    example: "deadline = \"15m\"",
    not_yet: None,
    rows: &[Row {
        doors: Door::EVERY,
        about: "the longest that an attempt may run",
        values: "a duration",
        default: "`\"15m\"`",
    }],
};

/// The runtime's default.
pub(super) const MILLIS: u64 = 15 * 60_000;

pub(super) fn tokens(option: &Given<Value>, errors: &mut Errors) -> Option<TokenStream> {
    let millis = duration::set(option, "\"15m\"", "write a shorter time", errors)?;
    Some(duration::tokens(millis))
}

/// A deadline, for options that are judged against it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    pub(super) millis: u64,
    pub(super) is_default: bool,
}

/// The deadline, unless a shared policy may have set it or the option itself is a mistake.
pub(super) fn known(option: Option<&Given<Value>>, shared_policy: bool) -> Option<Deadline> {
    match option {
        Some(option) => duration::millis_of(&option.value).map(|millis| Deadline {
            millis,
            is_default: false,
        }),
        None if shared_policy => None,
        None => Some(Deadline {
            millis: MILLIS,
            is_default: true,
        }),
    }
}
