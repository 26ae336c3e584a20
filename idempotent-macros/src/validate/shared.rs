//! A shared policy, and the checks that are left to the compiler because the policy holds a part of what they compare.

use proc_macro2::Span;
use syn::Path;

use crate::errors::Errors;
use crate::grammar::spec::Given;
use crate::grammar::value::Value;
use crate::options::{Options, policy};

/// A shared policy.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) path: Path,
    /// The options that may contradict it.
    pub(crate) checks: Vec<Check>,
}

/// Something that the compiler checks.
#[derive(Debug)]
pub(crate) struct Check {
    /// The runtime's name for it.
    pub(crate) method: &'static str,
    /// Where a failure is reported.
    pub(crate) span: Span,
}

pub(super) fn shared(options: &Options, errors: &mut Errors) -> Option<Shared> {
    let path = policy::path(options.policy.as_ref()?, errors)?;
    let named = path.segments.last()?.ident.span();
    let given = |option: &Option<Given<Value>>| Some(option.as_ref()?.keyword.span());
    let either = |one, other| given(one).or_else(|| given(other));
    let may_fail = [
        (
            "assert_lease_fits",
            either(&options.lease, &options.deadline),
        ),
        (
            "assert_wait_fits",
            either(&options.pending, &options.deadline),
        ),
        (
            "assert_format_fits",
            either(&options.key_format, &options.key),
        ),
        ("assert_key_is_sent", options.key.is_none().then_some(named)),
    ];
    let checks = may_fail
        .into_iter()
        .filter_map(|(method, span)| span.map(|span| Check { method, span }));
    Some(Shared {
        checks: checks.collect(),
        path,
    })
}
