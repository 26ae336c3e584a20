//! From a validated attribute to code. Nothing is decided here.

mod axum;
mod on_replay;
mod policy;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;
use crate::fallback::fallback;
use crate::options::Options;
use crate::validate::validate;

/// The idempotent handler; or, beside what is wrong, the handler as it was, so that nothing else breaks.
pub(crate) fn protect(options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let options = Options::parse(options, &mut errors);
    match validate(&options, item.clone(), errors) {
        Ok(protected) => axum::axum(&protected),
        Err(mistakes) => {
            let (item, mistakes) = (fallback(item), mistakes.into_compile_error());
            quote!(#item #mistakes)
        }
    }
}
