//! The axum door.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, FnArg, GenericParam, Ident, Signature, Type, parse_quote};

use super::policy::policy;
use crate::arguments_in_scope::Seen;
use crate::validate::{Form, Handler, Protected, Reply};

/// The function that axum calls, with the user's within.
pub(crate) fn axum(protected: &Protected) -> TokenStream {
    let Protected {
        runtime, handler, ..
    } = protected;
    let Handler {
        outer_attrs,
        vis,
        sig,
        ..
    } = handler;
    let private = quote!(__idempotent);
    let private_path = quote!(#runtime::axum::__private);
    let (name, generics) = (&sig.ident, &sig.generics);
    let where_clause = &generics.where_clause;
    let parameters = parameters(&private_path, handler);
    let within = within(protected);
    let policy = policy(&private, protected);
    let replay = replay(&private, &protected.reply);
    let run = run(&private, protected);
    quote! {
        #(#outer_attrs)*
        #vis fn #name #generics(#parameters) -> #private_path::Run<
            impl ::core::future::Future<Output = #private_path::Response>
        >
        #where_clause
        {
            use #private_path as __idempotent;
            #within
            const __POLICY: #private::Policy = #policy;
            let __replay = #replay;
            #run
        }
    }
}
