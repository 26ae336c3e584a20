//! From a validated attribute to code. Nothing is decided here.

mod arguments;
mod lint;
mod on_replay;
mod policy;
mod replay;
mod web;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;
use crate::fallback::fallback;
use crate::grammar::spec::Door;
use crate::options::Options;
use crate::validate::validate;

/// The idempotent handler; or, beside what is wrong, the handler as it was, so that nothing else breaks.
pub(crate) fn protect(door: Door, options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let options = Options::parse(door, options, &mut errors);
    match validate(&options, item.clone(), errors) {
        Ok(protected) => web::web(door, &protected),
        Err(mistakes) => {
            let (item, mistakes) = (fallback(item), mistakes.into_compile_error());
            quote!(#item #mistakes)
        }
    }
}
