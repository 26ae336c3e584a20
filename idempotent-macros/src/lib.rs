//! The attribute `#[idempotent]` and the derive `ScopeKey`.

use proc_macro::TokenStream;

/// Placeholder of the first commit.
#[proc_macro_attribute]
pub fn axum(_options: TokenStream, item: TokenStream) -> TokenStream {
    item
}

/// Placeholder of the first commit.
#[proc_macro_derive(ScopeKey, attributes(scope_key))]
pub fn scope_key(_item: TokenStream) -> TokenStream {
    TokenStream::new()
}
