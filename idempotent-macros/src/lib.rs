//! The attribute `#[idempotent]` and the derive `ScopeKey`.

mod arguments_in_scope;
mod derive_scope_key;
mod errors;
mod expand;
mod function;
mod options;
mod validate;

use proc_macro::TokenStream;

/// Placeholder
#[proc_macro_attribute]
pub fn axum(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::protect(options.into(), item.into()).into()
}

/// Placeholder
#[proc_macro_derive(ScopeKey, attributes(scope_key))]
pub fn scope_key(item: TokenStream) -> TokenStream {
    derive_scope_key::derive(item.into()).into()
}
