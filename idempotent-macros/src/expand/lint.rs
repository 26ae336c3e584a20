//! Warnings about a policy that is legal.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use crate::validate::Lint;

/// A warning under the user's own words, by the one means that a macro has: the use of something deprecated.
pub(super) fn lint(lint: &Lint) -> TokenStream {
    let Lint { name, note, span } = lint;
    let name = Ident::new(name, *span);
    quote! {
        {
            #[deprecated = #note]
            #[allow(non_upper_case_globals)]
            const #name: () = ();
            #name
        };
    }
}
