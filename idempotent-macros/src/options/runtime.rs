//! `crate`: where the runtime is.

use syn::{Expr, Path, parse_quote};

use crate::errors::Errors;
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::ungrouped;

pub(super) const OPTION: Spec = Spec {
    name: "crate",
    example: "crate = ::idempotent_runtime",
    not_yet: None,
    rows: &[Row {
        doors: Door::EVERY,
        about: "the runtime",
        values: "a path",
        default: "`::idempotent_runtime`",
    }],
};

pub(crate) fn path(option: Option<&Given<Expr>>, errors: &mut Errors) -> Path {
    match option.map(|option| ungrouped(option.value.clone())) {
        Some(Expr::Path(path)) if path.qself.is_none() => return path.path,
        Some(other) => errors.at(
            other,
            "`crate` takes the path to the runtime, without quotes",
            "write for example `crate = crate::vendored::idempotent_runtime`",
        ),
        None => {}
    }
    parse_quote!(::idempotent_runtime)
}
