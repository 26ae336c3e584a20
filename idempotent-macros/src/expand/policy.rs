//! The policy, as a chain of const calls.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::grammar::spec::Setter;
use crate::validate::{Protected, Shared};

/// The value of the constant. `private` leads to the runtime's private module.
pub(super) fn policy(private: &TokenStream, protected: &Protected) -> TokenStream {
    policy_of(private, &protected.setters, protected.shared.as_ref())
}

/// The same of its parts.
pub(super) fn policy_of(
    private: &TokenStream,
    setters: &[Setter],
    shared: Option<&Shared>,
) -> TokenStream {
    let set = setters.iter().map(|setter| {
        let Setter { method, argument } = setter;
        let method = syn::Ident::new(method, Span::mixed_site());
        quote!(.#method(#argument))
    });
    match shared {
        None => quote!(#private::Policy::new()#(#set)*.validated()),
        // Constants, because the tokens may come from different macros, and hygiene would keep variables apart.
        Some(Shared { path, checks }) => {
            let named = path.span();
            // Under the user's own word, so that a value of another type is reported there; hence the lint below.
            let ty = quote_spanned!(named=> __idempotent::Policy);
            let checks = checks.iter().map(|check| {
                let method = syn::Ident::new(check.method, check.span);
                quote_spanned!(check.span=> __ALTERED.#method();)
            });
            quote_spanned! {named=> {
                #[allow(unused_qualifications)]
                const __SHARED: #ty = #path;
                const __ALTERED: #private::Policy = __SHARED #(#set)*;
                #(#checks)*
                __ALTERED.validated()
            }}
        }
    }
}
