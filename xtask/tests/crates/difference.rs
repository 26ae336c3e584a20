//! The handlers of three crates are equal but for what wraps them.

use syn::punctuated::Punctuated;
use syn::{Expr, FnArg, Item, ItemFn, ReturnType, Stmt, Token};
use xtask::compile_cost::endpoints::endpoints;
use xtask::compile_cost::render::{Wrapping, render};

/// Enough for every option to be said somewhere.
const MANY: usize = 200;

/// What a handler takes, answers and does.
#[derive(Debug, PartialEq)]
struct Handler {
    name: String,
    arguments: Vec<String>,
    returns: String,
    body: String,
}

/// The handlers and everything beside them.
fn split(wrapping: Wrapping) -> (Vec<ItemFn>, Vec<String>) {
    let file = syn::parse_file(&render(&endpoints(MANY), wrapping)).unwrap();
    let (mut handlers, mut others) = (Vec::new(), Vec::new());
    for item in file.items {
        match item {
            Item::Fn(function) if function.sig.asyncness.is_some() => handlers.push(function),
            // What a wrapper needs to be named and told.
            Item::Use(_) | Item::Impl(_) => {}
            other => others.push(text(&other)),
        }
    }
    (handlers, others)
}

fn text(tokens: &impl quote::ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

fn plain(function: &ItemFn) -> Handler {
    let ReturnType::Type(_, returns) = &function.sig.output else {
        panic!("every handler answers something");
    };
    Handler {
        name: function.sig.ident.to_string(),
        arguments: function.sig.inputs.iter().map(argument).collect(),
        returns: text(returns),
        body: text(&function.block),
    }
}

/// A handler within its call of `protect`.
fn unwrapped(function: &ItemFn) -> Handler {
    let Some(Stmt::Expr(Expr::Await(waited), None)) = function.block.stmts.last() else {
        panic!("it ends by waiting for `protect`");
    };
    let Expr::Call(call) = &*waited.base else {
        panic!("it calls `protect`");
    };
    let Some(Expr::Async(work)) = call.args.last() else {
        panic!("it hands its work over");
    };
    Handler {
        name: function.sig.ident.to_string(),
        arguments: arguments(&function.sig.inputs),
        returns: turbofish(&call.func),
        body: text(&work.block),
    }
}

/// The arguments without the call that by hand is one of them, or stands beside one of them.
fn arguments(inputs: &Punctuated<FnArg, Token![,]>) -> Vec<String> {
    let inputs = inputs.iter().map(argument).filter(|it| it != "call:Call");
    let inputs = inputs.map(|it| match it.strip_prefix("Keyed(call,") {
        Some(rest) => rest
            .replacen("):Keyed<", ":", 1)
            .strip_suffix('>')
            .unwrap()
            .to_owned(),
        None => it,
    });
    inputs.collect()
}

/// An argument in one form, however brackets are spaced.
fn argument(input: &FnArg) -> String {
    text(input).replace(' ', "")
}

fn turbofish(function: &Expr) -> String {
    let Expr::Path(path) = function else {
        panic!("`protect` is called by its name");
    };
    let text = text(&path.path);
    let inner = text
        .strip_prefix("protect :: <")
        .and_then(|it| it.strip_suffix('>'));
    inner.unwrap().trim().to_owned()
}

#[test]
fn every_handler_is_the_same_under_the_attribute() {
    let ((bare, types), (annotated, others)) = (split(Wrapping::Bare), split(Wrapping::Annotated));
    assert_eq!(types, others);
    assert_eq!(bare.len(), MANY);
    for (bare, annotated) in bare.iter().zip(&annotated) {
        let [attribute] = &annotated.attrs[..] else {
            panic!("one attribute");
        };
        assert!(attribute.path().is_ident("idempotent"));
        assert_eq!(plain(bare), plain(annotated));
    }
    assert_eq!(bare.len(), annotated.len());
}

#[test]
fn every_handler_is_the_same_within_its_wrapper() {
    let ((bare, types), (by_hand, others)) = (split(Wrapping::Bare), split(Wrapping::ByHand));
    assert_eq!(types, others);
    for (bare, by_hand) in bare.iter().zip(&by_hand) {
        assert_eq!(plain(bare), unwrapped(by_hand));
    }
    assert_eq!(bare.len(), by_hand.len());
}
