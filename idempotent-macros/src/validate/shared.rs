//! A shared policy, and what only the compiler can find because the policy says a part of it.

use proc_macro2::Span;
use syn::{Expr, Path};

use crate::errors::Errors;
use crate::options::{Given, Options, Value, ungrouped};

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
    /// What is to blame.
    pub(crate) span: Span,
}

pub(super) fn shared(options: &Options, errors: &mut Errors) -> Option<Shared> {
    let path = path(options.policy.as_ref()?, errors)?;
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

fn path(option: &Given<Expr>, errors: &mut Errors) -> Option<Path> {
    let path = match &ungrouped(option.value.clone()) {
        Expr::Path(path) if path.qself.is_none() => path.path.clone(),
        other => {
            errors.at(
                other,
                "`policy` takes the path to a constant",
                "write `const PAYMENTS: Policy = …;` and `policy = PAYMENTS`",
            );
            return None;
        }
    };
    let first = path.segments.first();
    if first.is_some_and(|it| it.ident == "Self") {
        errors.at(
            &path,
            "a policy cannot be named through `Self`",
            "write the type's name",
        );
        return None;
    }
    Some(path)
}
