//! The policy, as a chain of const calls.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::validate::{
    Abandoned, Fingerprint, KeyFormat, KeySource, Mismatch, Missing, Operation, Pending, Protected,
    Release, Shared, Ttl,
};

/// The value of the constant. `private` leads to the runtime's private module.
pub(super) fn policy(private: &TokenStream, protected: &Protected) -> TokenStream {
    let settings = &protected.settings;
    let millis = |it| millis(private, it);
    let set = [
        ("key", protected.key.as_ref().map(|it| key(private, it))),
        (
            "key_format",
            settings.key_format.map(|it| format(private, it)),
        ),
        ("ttl", settings.ttl.map(|it| ttl(private, it))),
        (
            "operation",
            settings.operation.as_ref().map(|it| operation(private, it)),
        ),
        (
            "fingerprint",
            settings
                .fingerprint
                .as_ref()
                .map(|it| fingerprint(private, it)),
        ),
        ("missing", settings.missing.map(|it| missing(private, it))),
        (
            "mismatch",
            settings.mismatch.map(|it| mismatch(private, it)),
        ),
        ("pending", settings.pending.map(|it| pending(private, it))),
        (
            "release",
            settings.release.as_ref().map(|it| release(private, it)),
        ),
        (
            "abandoned",
            settings.abandoned.map(|it| abandoned(private, it)),
        ),
        ("lease", settings.lease.map(millis)),
        ("deadline", settings.deadline.map(millis)),
    ];
    let set = set.into_iter().filter_map(|(name, value)| {
        let name = syn::Ident::new(name, Span::mixed_site());
        value.map(|value| quote!(.#name(#value)))
    });
    match &protected.shared {
        None => quote!(#private::Policy::new()#(#set)*.validated()),
        // Constants, because the tokens may come from different macros, and variables would keep those apart.
        Some(Shared { path, checks }) => {
            let named = path.span();
            // As the user's own word, so that a value of another type is told there; hence the lint below.
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

fn key(private: &TokenStream, source: &KeySource) -> TokenStream {
    match source {
        KeySource::Header(name) => quote!(#private::KeySource::Header(#name)),
        KeySource::Body(name) => quote!(#private::KeySource::Body(#name)),
        KeySource::Query(name) => quote!(#private::KeySource::Query(#name)),
        KeySource::Path(name) => quote!(#private::KeySource::Path(#name)),
        KeySource::Arguments => quote!(#private::KeySource::Arguments),
        KeySource::FirstOf(places) => {
            let places = places.iter().map(|place| key(private, place));
            quote!(#private::KeySource::FirstOf(&[#(#places),*]))
        }
    }
}

fn format(private: &TokenStream, format: KeyFormat) -> TokenStream {
    match format {
        KeyFormat::Any { min, max } => quote!(#private::KeyFormat::any(#min, #max)),
        KeyFormat::Ascii { min, max } => quote!(#private::KeyFormat::ascii(#min, #max)),
        KeyFormat::Uuid => quote!(#private::KeyFormat::Uuid),
        KeyFormat::Quoted => quote!(#private::KeyFormat::Quoted),
    }
}

fn millis(private: &TokenStream, millis: u64) -> TokenStream {
    quote!(#private::millis(#millis))
}

fn ttl(private: &TokenStream, ttl: Ttl) -> TokenStream {
    match ttl {
        Ttl::Millis(time) => {
            let time = millis(private, time);
            quote!(#private::Ttl::after(#time))
        }
        Ttl::Forever => quote!(#private::Ttl::Forever),
    }
}

fn operation(private: &TokenStream, operation: &Operation) -> TokenStream {
    match operation {
        Operation::Route => quote!(#private::Operation::Route),
        Operation::Path => quote!(#private::Operation::Path),
        Operation::Named(name) => quote!(#private::Operation::Named(#name)),
    }
}

fn fingerprint(private: &TokenStream, fingerprint: &Fingerprint) -> TokenStream {
    match fingerprint {
        Fingerprint::Body => quote!(#private::FingerprintOf::Body),
        Fingerprint::Json => quote!(#private::FingerprintOf::Json),
        Fingerprint::Fields(pointers) => quote!(#private::FingerprintOf::Fields(&[#(#pointers),*])),
        Fingerprint::Except(pointers) => quote!(#private::FingerprintOf::Except(&[#(#pointers),*])),
        Fingerprint::None => quote!(#private::FingerprintOf::None),
    }
}

fn missing(private: &TokenStream, missing: Missing) -> TokenStream {
    match missing {
        Missing::Reject => quote!(#private::Missing::Reject),
        Missing::Unprotected => quote!(#private::Missing::Unprotected),
    }
}

fn mismatch(private: &TokenStream, mismatch: Mismatch) -> TokenStream {
    match mismatch {
        Mismatch::Reject(status) => quote!(#private::Mismatch::Reject(#status)),
        Mismatch::Separate => quote!(#private::Mismatch::Separate),
    }
}

fn pending(private: &TokenStream, pending: Pending) -> TokenStream {
    match pending {
        Pending::Reject(status) => quote!(#private::Pending::Reject(#status)),
        Pending::Wait(time) => {
            let time = millis(private, time);
            quote!(#private::Pending::Wait(#time))
        }
        Pending::Provisional(time) => {
            let time = millis(private, time);
            quote!(#private::Pending::Provisional(#time))
        }
    }
}

fn release(private: &TokenStream, release: &Release) -> TokenStream {
    match release {
        Release::Statuses(ranges) => {
            let ranges = ranges
                .iter()
                .map(|(first, last)| quote!(#private::StatusRange::new(#first, #last)));
            quote!(#private::Release::Statuses(&[#(#ranges),*]))
        }
        Release::Failures => quote!(#private::Release::Failures),
        Release::Never => quote!(#private::Release::Never),
    }
}

fn abandoned(private: &TokenStream, abandoned: Abandoned) -> TokenStream {
    match abandoned {
        Abandoned::Rerun => quote!(#private::Abandoned::Rerun),
        Abandoned::RerunUpTo(attempts) => quote!(#private::Abandoned::RerunUpTo(#attempts)),
        Abandoned::Refuse => quote!(#private::Abandoned::Refuse),
    }
}
