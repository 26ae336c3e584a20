//! `scope`: whose key it is.

use proc_macro2::Span;
use syn::{Expr, ExprLit, Ident, Lit, Pat, Type};

use crate::arguments_in_scope::{ArgumentsInScope, Seen, names_bound};
use crate::errors::{Errors, one_of};
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::ungrouped;
use crate::signature::{Argument, Handler};

pub(super) const OPTION: Spec = Spec {
    name: "scope",
    example: "scope = org",
    not_yet: None,
    rows: &[Row {
        doors: Door::EVERY,
        about: "whose key it is",
        values: "an argument · an expression over arguments, such as `user.org_id` · a tuple of them · `global`",
        default: "none: you must say it",
    }],
};

/// The parts of the scope; none for the global one. `attempted`: somebody began to write a scope that can't be understood.
pub(crate) fn scope(
    option: Option<&Given<Expr>>,
    attempted: bool,
    handler: &Handler,
    arguments: &ArgumentsInScope<'_>,
    errors: &mut Errors,
) -> Vec<Seen> {
    let Some(option) = option else {
        if !attempted {
            missing(handler, errors);
        }
        return Vec::new();
    };
    given(option, arguments, errors)
}

/// The parts of a task's scope. That it is missing is reported with whatever else is.
pub(crate) fn of_a_task(
    option: Option<&Given<Expr>>,
    arguments: &ArgumentsInScope<'_>,
    errors: &mut Errors,
) -> Vec<Seen> {
    option.map_or_else(Vec::new, |option| given(option, arguments, errors))
}

fn given(option: &Given<Expr>, arguments: &ArgumentsInScope<'_>, errors: &mut Errors) -> Vec<Seen> {
    let value = &ungrouped(option.value.clone());
    if is_global(value) {
        if arguments.binds("global") {
            errors.at(
                value,
                "`global` is both the scope of all callers and the name of an argument",
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
            "`global` cannot be a part of a scope: a scope with other parts is not global",
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
    if let Some(name) = quoted_argument(value, arguments) {
        errors.at(
            value,
            "this scope is a string, the same for every caller",
            format_args!("write `scope = {name}` without quotes"),
        );
    } else if !seen.iter().any(|part| part.names_one) {
        let or = "; where all callers share their keys, write `scope = global`";
        arguments.names_none("scope", value, or, errors);
    }
    seen
}

/// `"org"`, where `org` was meant.
fn quoted_argument(value: &Expr, arguments: &ArgumentsInScope<'_>) -> Option<String> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text.value()).filter(|name| arguments.binds(name)),
        _ => None,
    }
}

fn is_global(expression: &Expr) -> bool {
    matches!(expression, Expr::Path(path) if path.path.is_ident("global"))
}

fn missing(handler: &Handler, errors: &mut Errors) {
    let owners: Vec<String> = handler
        .arguments
        .iter()
        .filter(|argument| may_name_an_owner(argument))
        .flat_map(|argument| names_bound(&argument.pattern))
        .map(|name| format!("scope = {name}"))
        .collect();
    let first = if owners.is_empty() {
        "take whose request it is as an argument, such as `org: OrgId`, and write `scope = org`"
            .to_owned()
    } else {
        format!("write whose key it is: {}", one_of(&owners))
    };
    errors.at_span(
        whole_attribute(&handler.sig.ident),
        "`scope` is missing: without it, two tenants that send the same key would share one record, and one would get the other's response",
        format_args!("{first}; or `scope = global` where all callers share their keys"),
    );
}

/// The attribute, but as the user's own text: the compiler adds a note to errors that come from a macro.
fn whole_attribute(any_of_the_user: &Ident) -> Span {
    any_of_the_user.span().located_at(Span::call_site())
}

/// Whether an argument could say whose request it is. What the request sends could not, and neither could what all requests
/// share.
fn may_name_an_owner(argument: &Argument) -> bool {
    const OTHERS: [&str; 16] = [
        "Attempt",
        "Body",
        "Bytes",
        "Extensions",
        "Form",
        "HeaderMap",
        "Json",
        "Method",
        "Multipart",
        "Option",
        "Parts",
        "Request",
        "Result",
        "State",
        "Uri",
        "Version",
    ];
    let wrapped_in = match &argument.pattern {
        Pat::TupleStruct(pattern) => pattern.path.segments.last(),
        _ => None,
    };
    let of_type = match &argument.ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    };
    let mut named = wrapped_in.into_iter().chain(of_type);
    !named.any(|segment| OTHERS.iter().any(|other| segment.ident == other))
}
