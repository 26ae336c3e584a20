//! Whose key it is.

use proc_macro2::Span;
use syn::Expr;

use crate::arguments_in_scope::{ArgumentsInScope, Seen};
use crate::errors::Errors;
use crate::options::Options;

/// The parts of the scope; none for the global one.
pub(super) fn scope(
    options: &Options,
    arguments: &ArgumentsInScope<'_>,
    errors: &mut Errors,
) -> Vec<Seen> {
    let Some(option) = &options.scope else {
        if !options.scope_attempted {
            missing(arguments, errors);
        }
        return Vec::new();
    };
    let value = &option.value;
    if is_global(value) {
        if arguments.binds("global") {
            errors.at(
                value,
                "`global` is the scope of all callers, and an argument's name too",
                "give the argument another name",
            );
        }
        return Vec::new();
    }
    let parts: Vec<&Expr> = match value {
        Expr::Tuple(tuple) if tuple.elems.is_empty() => {
            let help = format!(
                "{}; where all callers share their keys, write `scope = global`",
                arguments.listed()
            );
            errors.at(value, "this scope is empty", help);
            return Vec::new();
        }
        Expr::Tuple(tuple) => tuple.elems.iter().collect(),
        one => vec![one],
    };
    if let Some(global) = parts.iter().find(|part| is_global(part)) {
        errors.at(
            global,
            "`global` stands alone: a scope with other parts is not global",
            "remove it from the tuple",
        );
        return Vec::new();
    }
    let seen: Vec<_> = parts
        .iter()
        .map(|part| arguments.see(part, errors))
        .collect();
    let Some(seen) = seen.into_iter().collect::<Option<Vec<Seen>>>() else {
        return Vec::new();
    };
    if seen.iter().all(|part| part.bindings.is_empty()) {
        let or = "; where all callers share their keys, write `scope = global`";
        arguments.names_none("scope", value, or, errors);
    }
    seen
}

fn is_global(expression: &Expr) -> bool {
    matches!(expression, Expr::Path(path) if path.path.is_ident("global"))
}

fn missing(arguments: &ArgumentsInScope<'_>, errors: &mut Errors) {
    let suggestions = arguments.suggestions("scope");
    let first = if suggestions.is_empty() {
        "take an argument that says who is calling".to_owned()
    } else {
        format!("write whose key it is: {suggestions}")
    };
    errors.at_span(
        Span::call_site(),
        "`scope` is missing: without it, two tenants that send the same key would share one record, and one would be given the other's answer",
        format_args!("{first}; or `scope = global` where all callers share their keys"),
    );
}
