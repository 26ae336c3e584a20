//! Arguments in generated code: their names, and expressions that see them.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, FnArg, Ident, Token, parse_quote};

use crate::arguments_in_scope::{Binding, Seen};
use crate::validate::Protected;

/// An argument's name in generated code, which no name of the user's can clash with.
pub(super) fn argument(index: usize) -> Ident {
    format_ident!("__arg{index}", span = Span::mixed_site())
}

/// Any other name in generated code.
pub(super) fn mixed(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

pub(super) fn call() -> Ident {
    mixed("__call")
}

/// The arguments as they were written. One that an expression names is used, whatever the body does with it.
pub(super) fn inputs(protected: &Protected) -> Punctuated<FnArg, Token![,]> {
    let seen = || protected.scope.iter().chain(&protected.key_expressions);
    let on_replay = || protected.on_replay.iter().flat_map(|it| &it.bindings);
    let bindings = || seen().flat_map(|it| &it.bindings).chain(on_replay());
    let is_named = |index| bindings().any(|binding| binding.argument == index);
    let mut inputs = protected.handler.sig.inputs.clone();
    for (index, input) in inputs.iter_mut().enumerate() {
        if let FnArg::Typed(typed) = input
            && is_named(index)
        {
            typed.attrs.push(parse_quote!(#[allow(unused_variables)]));
        }
    }
    inputs
}

/// Evaluates all expressions over arguments, each in sight of those that it names and of no others.
pub(super) fn seen(protected: &Protected) -> Option<TokenStream> {
    let scope = protected.scope.iter().map(|part| see(part, "scope"));
    let keys = protected.key_expressions.iter().map(|key| see(key, "key"));
    let allow = allow();
    match scope.chain(keys).collect::<Vec<_>>().as_slice() {
        [] => None,
        [only] => Some(quote!(#allow { #only })),
        several => Some(quote!(#allow { #({ #several })* })),
    }
}

/// Evaluates an expression, in sight of the arguments that it names, and hands its value to the runtime.
fn see(seen: &Seen, function: &str) -> TokenStream {
    let bindings = seen.bindings.iter().map(bind);
    let hand_over = hand_over(seen, function);
    quote!(#(#bindings)* #hand_over;)
}

/// Evaluates an expression where the arguments are in sight, and hands its value to the runtime, all under the expression's
/// own span.
pub(super) fn hand_over(seen: &Seen, function: &str) -> TokenStream {
    // Of one context with the expression, so that the compiler underlines the whole of it and nothing else.
    let span = seen.expression.span();
    let (call, function) = (call(), Ident::new(function, span));
    let expression = parenthesised(&seen.expression);
    quote_spanned!(span=> __idempotent::#function(&mut #call, &#expression))
}

/// Makes an argument visible by reference.
pub(super) fn bind(binding: &Binding) -> TokenStream {
    let (pattern, argument) = (&binding.pattern, argument(binding.argument));
    quote!(let #pattern = &#argument;)
}

/// Nobody who writes `&org` or `*org` need know that `org` is a reference already, nor that its pattern is matched
/// against one; and a macro may name an argument without using it.
pub(super) fn allow() -> TokenStream {
    quote!(#[allow(
        unused_variables,
        clippy::needless_borrow,
        clippy::needless_borrows_for_generic_args,
        clippy::explicit_auto_deref,
        clippy::pattern_type_mismatch
    )])
}

/// Only where precedence asks for it: the compiler warns of others.
fn parenthesised(expression: &Expr) -> TokenStream {
    match expression {
        Expr::Assign(_) | Expr::Binary(_) | Expr::Cast(_) | Expr::Closure(_) | Expr::Range(_) => {
            // The parentheses stand where the expression begins, or the compiler would underline the whole attribute.
            let mut parentheses = Group::new(Delimiter::Parenthesis, quote!(#expression));
            parentheses.set_span(expression.span());
            quote!(#parentheses)
        }
        other => quote!(#other),
    }
}
