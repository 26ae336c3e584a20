//! `policy`: a policy that endpoints share.

use syn::{Expr, Path};

use crate::errors::Errors;
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::ungrouped;

pub(super) const OPTION: Spec = Spec {
    name: "policy",
    example: "policy = PAYMENTS",
    not_yet: None,
    rows: &[Row {
        doors: Door::EVERY,
        about: "a shared policy, which the options here override",
        values: "a path to a `const` `Policy`, which alone also sets `max_body`, `max_response` and `store_down`",
        default: "the defaults above",
    }],
};

/// Settings that a `Policy` has and the attribute doesn't.
pub(super) const ITS_OWN: &[&str] = &["max_body", "max_response", "store_down"];

pub(crate) fn path(option: &Given<Expr>, errors: &mut Errors) -> Option<Path> {
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
