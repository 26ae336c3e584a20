//! How a handler's value becomes a reply.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use crate::grammar::spec::Door;
use crate::options::response::{Reply, Side};

/// The witness that the reply can be recorded. The user's own types stand in it, so that what is wrong with one is told
/// under it.
pub(super) fn replay(door: Door, private: &TokenStream, reply: &Reply) -> TokenStream {
    let side = |side, is_error| match door {
        Door::Actix => on_actix(private, side, is_error),
        Door::Axum | Door::Task => on_axum(private, side),
    };
    match reply {
        Reply::One(one) => side(one, false),
        Reply::Result(ok, error) => {
            let (ok, error) = (side(ok, false), side(error, true));
            quote!(#private::need_result(#ok, #error))
        }
    }
}

fn on_axum(private: &TokenStream, side: &Side) -> TokenStream {
    match side {
        Side::Typed(ty) => need(private, ty),
        Side::Buffered(ty) => quote!(#private::Probe::<#ty>::NEW.kind().buffered::<#ty>()),
        Side::Unnamed => quote!(#private::any_response()),
    }
}

/// On actix-web an error is a response in another way than a value is.
fn on_actix(private: &TokenStream, side: &Side, is_error: bool) -> TokenStream {
    match (side, is_error) {
        (Side::Typed(ty), false) => quote!(#private::need_replay::<#ty>()),
        (Side::Typed(ty), true) => quote!(#private::need_error::<#ty>()),
        (Side::Buffered(ty), false) => {
            quote!(#private::any_response::<#ty>(#private::Probe::<#ty>::NEW.says()))
        }
        (Side::Buffered(ty), true) => {
            quote!(#private::any_error::<#ty>(#private::Probe::<#ty>::NEW.says()))
        }
        (Side::Unnamed, false) => quote!(#private::any_response(#private::says_nothing)),
        (Side::Unnamed, true) => quote!(#private::any_error(#private::says_nothing)),
    }
}

/// The most parts before a body for which the runtime has a witness of their own.
const MOST_PARTS: usize = 8;

/// The witness for one type. Of a tuple every element is asked for by itself: asked as a whole, one that is wrong would
/// be told twice, and neither time by its name.
fn need(private: &TokenStream, ty: &Type) -> TokenStream {
    if let Type::Tuple(tuple) = ty
        && let Some((body, parts)) = tuple.elems.iter().collect::<Vec<_>>().split_last()
        && (1..=MOST_PARTS).contains(&parts.len())
    {
        let body = need(private, body);
        return quote!(#private::need_tuple((#(#private::PartProbe::<#parts>::NEW.part().witness::<#parts>(),)*), #body));
    }
    if is_called(ty, "ErrorResponse") {
        // axum takes it as an error alone, and as no response.
        return quote!(#private::need_error_response::<#ty>());
    }
    if is_called_as_a_stream(ty) {
        return quote!(#private::need_no_stream::<#ty>());
    }
    quote!(#private::need_replay::<#ty>())
}

fn is_called(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

/// Whether a type has the name of one that may be a stream, so that the message can say so. What it is, the compiler
/// judges.
fn is_called_as_a_stream(ty: &Type) -> bool {
    let Type::Path(path) = ty else {
        return false;
    };
    let last = path.path.segments.last();
    last.is_some_and(|last| last.ident == "Sse" || last.arguments.is_none() && last.ident == "Body")
}
