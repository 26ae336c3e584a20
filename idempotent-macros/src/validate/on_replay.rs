//! What a retry is given instead of the recorded outcome.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Expr, ExprClosure, ExprPath, Pat, ReturnType, Type};

use crate::arguments_in_scope::{ArgumentsInScope, Binding};
use crate::errors::Errors;
use crate::options::{Given, ungrouped};

/// What decides of a retry, and what it needs to see.
#[derive(Debug)]
pub(crate) struct OnReplay {
    /// Where the option stands.
    pub(crate) keyword: Span,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) decide: Decide,
}

/// An async function of the recorded outcome. Of a closure the parts are kept: all that it can capture are references
/// to arguments, so `|saved| async move { … }` and `async |saved| { … }` mean the same.
#[derive(Debug)]
pub(crate) enum Decide {
    Closure {
        saved: Box<Pat>,
        /// The parameter's type, if it is written.
        takes: Option<Box<Type>>,
        /// The type that is decided, if it is written.
        returns: Option<Box<Type>>,
        body: TokenStream,
    },
    Function(ExprPath),
}

pub(super) fn on_replay(
    option: &Given<Expr>,
    arguments: &ArgumentsInScope<'_>,
    errors: &mut Errors,
) -> Option<OnReplay> {
    let value = ungrouped(option.value.clone());
    let (decide, bindings) = match &value {
        Expr::Closure(it) => (closure(it, errors)?, arguments.named_in(&value)),
        Expr::Path(path) => (function(path, arguments, errors)?, Vec::new()),
        other => {
            errors.at(
                other,
                "`on_replay` takes a closure, or the path to an async function of the recorded outcome",
                "write for example `on_replay = |saved| async move { … }`",
            );
            return None;
        }
    };
    Some(OnReplay {
        keyword: option.keyword.span(),
        bindings,
        decide,
    })
}

fn function(
    path: &ExprPath,
    arguments: &ArgumentsInScope<'_>,
    errors: &mut Errors,
) -> Option<Decide> {
    let named = path.path.get_ident().map(ToString::to_string);
    if let Some(name) = named.filter(|name| arguments.binds(name)) {
        errors.at(
            path,
            format_args!("`{name}` is an argument, and decides nothing"),
            format_args!(
                "write a closure that names it, `|saved| async move {{ … {name} … }}`, or the path to an async function"
            ),
        );
        return None;
    }
    Some(Decide::Function(path.clone()))
}

fn closure(closure: &ExprClosure, errors: &mut Errors) -> Option<Decide> {
    let Some(saved) = only_parameter(closure) else {
        let example = "write for example `|saved| async move { … }`";
        let what = "`on_replay` is given one thing, the recorded outcome";
        if closure.inputs.is_empty() {
            let (begin, end) = (&closure.inputs_begin, &closure.inputs_end);
            errors.at(quote::quote!(#begin #end), what, example);
        } else {
            errors.at(&closure.inputs, what, example);
        }
        return None;
    };
    let Some(body) = async_body(closure) else {
        errors.at(
            &closure.body,
            "what `on_replay` does is async, and this body is not",
            "write `|saved| async move { … }`",
        );
        return None;
    };
    let (saved, takes) = match saved {
        Pat::Type(typed) => (typed.pat.clone(), Some(typed.ty.clone())),
        other => (Box::new(other.clone()), None),
    };
    let returns = match &closure.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(ty.clone()),
    };
    Some(Decide::Closure {
        saved,
        takes,
        returns,
        body,
    })
}

fn only_parameter(closure: &ExprClosure) -> Option<&Pat> {
    let mut inputs = closure.inputs.iter();
    inputs.next().filter(|_| inputs.next().is_none())
}

/// The body of `async |saved| { … }`, or of `|saved| async move { … }`.
fn async_body(closure: &ExprClosure) -> Option<TokenStream> {
    match (&closure.asyncness, &*closure.body) {
        (Some(_), body) => Some(body.to_token_stream()),
        (None, Expr::Async(body)) => Some(body.block.to_token_stream()),
        (None, _) => None,
    }
}
