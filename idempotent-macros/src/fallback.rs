//! What is emitted beside errors: the item itself, so that nothing else in the file breaks.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{ReturnType, Safety, Token};

use crate::errors::Errors;
use crate::function::Function;

/// The item as it was, without warnings of its own: what an option names counts as used, though the option is wrong. Reported
/// mistakes in a function's form are corrected, or its router would report them again; the body stays as it was typed.
pub(crate) fn fallback(item: &TokenStream) -> TokenStream {
    let mut repeated = Errors::new();
    let function = Function::parse(item.clone(), &mut repeated);
    // Validation has reported these already.
    drop(repeated.finish());
    let quietly = quote!(#[allow(dead_code, unused_mut, unused_variables)]);
    match function {
        Some(function) if !is_routable(&function) => {
            let function = routable(function);
            quote!(#quietly #function)
        }
        Some(_) => quote!(#quietly #item),
        None => item.clone(),
    }
}

fn is_routable(function: &Function) -> bool {
    let sig = &function.sig;
    sig.constness.is_none()
        && (sig.asyncness.is_some() || returns_a_future(&sig.output))
        && matches!(sig.safety, Safety::Default)
        && sig.abi.is_none()
        && sig.variadic.is_none()
}

fn routable(function: Function) -> TokenStream {
    let Function {
        attrs,
        vis,
        mut sig,
        body,
    } = function;
    if !returns_a_future(&sig.output) {
        sig.asyncness
            .get_or_insert(Token![async](sig.fn_token.span));
    }
    sig.constness = None;
    sig.safety = Safety::Default;
    sig.abi = None;
    sig.variadic = None;
    quote!(#(#attrs)* #vis #sig #body)
}

/// `fn create() -> impl Future<…>` is an axum handler without `async`, and would not be one with it.
fn returns_a_future(output: &ReturnType) -> bool {
    fn names_one(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|tree| match tree {
            TokenTree::Group(group) => names_one(group.stream()),
            TokenTree::Ident(ident) => {
                ident == "Future" || ident == "BoxFuture" || ident == "LocalBoxFuture"
            }
            _ => false,
        })
    }
    names_one(output.to_token_stream())
}
