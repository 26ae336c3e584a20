//! `on_replay`: what a retry gets instead of the recorded outcome.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::token::Brace;
use syn::{Block, Expr, ExprClosure, ExprPath, Pat, ReturnType, Stmt, Type};

use crate::arguments_in_scope::{ArgumentsInScope, Binding};
use crate::errors::Errors;
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::ungrouped;
use crate::signature::{Form, expression_names_self};

pub(super) const OPTION: Spec = Spec {
    name: "on_replay",
    example: "on_replay = |saved| async move { … }",
    not_yet: None,
    rows: &[Row {
        doors: Door::WEB,
        about: "what a retry gets instead of the recorded outcome",
        values: "an async closure of that outcome, which sees the arguments by reference, `\\|saved\\| async move { … }` · a path to an async function of it. It \
                 decides with an `OnReplay`: replay the outcome, answer otherwise, or forget it and run the handler",
        default: "the recorded outcome",
    }],
};

/// The function that decides about a retry, and what it needs to see.
#[derive(Debug)]
pub(crate) struct OnReplay {
    /// The option's name, where it is written.
    pub(crate) keyword: Span,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) decide: Decide,
    /// Whether `Send` can be judged here: the function depends neither on type parameters nor on `Self`, which may have
    /// some.
    pub(crate) judge_send: bool,
}

/// An async function of the recorded outcome.
#[derive(Debug)]
pub(crate) enum Decide {
    Closure(Closure),
    Function(ExprPath),
}

/// The parts of a closure: all that it can capture are references to arguments, so `|saved| async move { … }` and
/// `async |saved| { … }` mean the same.
#[derive(Debug)]
pub(crate) struct Closure {
    pub(crate) saved: Box<Pat>,
    /// The parameter's type, if it is written.
    pub(crate) takes: Option<Box<Type>>,
    /// The return type, if it is written.
    pub(crate) returns: Option<Box<Type>>,
    pub(crate) body: Block,
}

pub(crate) fn on_replay(
    option: &Given<Expr>,
    form: Form,
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
    let judge_send = form.judges_send() && !expression_names_self(&value);
    Some(OnReplay {
        keyword: option.keyword.span(),
        bindings,
        decide,
        judge_send,
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
            format_args!("`{name}` is an argument, not a function that decides"),
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
        let what = "`on_replay` takes a closure with one parameter, the recorded outcome";
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
            "`on_replay` takes an async closure, and this body is not an `async` block",
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
        ReturnType::Type(_, ty) if is_on_replay(ty) => Some(ty.clone()),
        ReturnType::Type(_, ty) => {
            errors.at(
                ty,
                "this closure decides with an `OnReplay`",
                "write `-> OnReplay`, or leave the type out",
            );
            return None;
        }
    };
    Some(Decide::Closure(Closure {
        saved,
        takes,
        returns,
        body,
    }))
}

fn is_on_replay(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => {
            let last = path.path.segments.last();
            last.is_some_and(|last| last.ident == "OnReplay")
        }
        Type::Group(group) => is_on_replay(&group.elem),
        _ => false,
    }
}

fn only_parameter(closure: &ExprClosure) -> Option<&Pat> {
    let mut inputs = closure.inputs.iter();
    inputs.next().filter(|_| inputs.next().is_none())
}

/// The body of `async |saved| { … }`, or of `|saved| async move { … }`.
fn async_body(closure: &ExprClosure) -> Option<Block> {
    match (&closure.asyncness, &*closure.body) {
        (Some(_), Expr::Block(body)) if body.label.is_none() => Some(body.block.clone()),
        (Some(_), body) => Some(Block {
            brace_token: Brace(body.span()),
            stmts: vec![Stmt::Expr(body.clone(), None)],
        }),
        (None, Expr::Async(body)) => Some(body.block.clone()),
        (None, _) => None,
    }
}
