//! `lease`: how long a claim holds without being renewed.

use proc_macro2::TokenStream;

use super::deadline::{self, Deadline};
use crate::errors::Errors;
use crate::grammar::duration;
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::Value;

pub(super) const OPTION: Spec = Spec {
    name: "lease",
    example: "lease = \"30s\"",
    not_yet: None,
    rows: &[Row {
        doors: Door::EVERY,
        about: "how long a claim holds without being renewed",
        values: "a duration; a third of it passes between renewals",
        default: "`\"30s\"`",
    }],
};

/// The runtime's default.
pub(super) const MILLIS: u64 = 30_000;

pub(super) fn tokens(option: &Given<Value>, errors: &mut Errors) -> Option<TokenStream> {
    let millis = duration::set(option, "\"30s\"", "write a shorter time", errors)?;
    Some(duration::tokens(millis))
}

/// A lease can't outlast the deadline. If a shared policy may have set one of the two, the compiler compares them instead.
/// Reports nothing if either option is a mistake by itself.
pub(crate) fn fits(
    lease: Option<&Given<Value>>,
    deadline: Option<&Given<Value>>,
    shared_policy: bool,
    errors: &mut Errors,
) {
    let millis = match lease {
        Some(lease) => duration::millis_of(&lease.value),
        None if shared_policy => None,
        None => Some(MILLIS),
    };
    let longest = deadline::known(deadline, shared_policy);
    let (
        Some(millis),
        Some(Deadline {
            millis: longest, ..
        }),
    ) = (millis, longest)
    else {
        return;
    };
    if millis <= longest {
        return;
    }
    if let Some(lease) = lease {
        let by_default = match deadline {
            Some(_) => "",
            None => ", 15m by default",
        };
        errors.at(
            &lease.value,
            format_args!("the lease is longer than the deadline{by_default}"),
            "write a shorter lease or a longer `deadline`: an attempt is over at its deadline",
        );
    } else if let Some(deadline) = deadline {
        errors.at(
            &deadline.value,
            "the deadline is shorter than the lease, 30s by default",
            "write a longer deadline or a shorter `lease`: an attempt is over at its deadline",
        );
    }
}
