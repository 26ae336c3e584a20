//! From a validated attribute to code. Nothing is decided here.

mod arguments;
mod lint;
mod on_replay;
mod policy;
mod replay;
mod task;
mod web;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;
use crate::fallback::fallback;
use crate::grammar::spec::Door;
use crate::options::Options;
use crate::validate;

/// The idempotent handler; or, beside what is wrong, the handler as it was, so that nothing else breaks.
pub(crate) fn protect(door: Door, options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let options = Options::parse(door, options, &mut errors);
    let expanded = match door {
        Door::Task => validate::task(&options, item.clone(), errors).map(|it| task::task(&it)),
        Door::Axum | Door::Actix => {
            validate::web(&options, item.clone(), errors).map(|it| web::web(door, &it))
        }
    };
    match expanded {
        Ok(expanded) => expanded,
        Err(mistakes) => {
            let (item, mistakes) = (fallback(item), mistakes.into_compile_error());
            quote!(#item #mistakes)
        }
    }
}
