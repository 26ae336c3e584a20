//! What decides of a retry before the handler is called.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ExprPath, Type};

use super::arguments::{allow, bind, call, mixed};
use crate::options::on_replay::{Closure, Decide, OnReplay};

/// Enters the call, lets the user's function decide where there is an outcome already, and goes on with `protect` where
/// the handler is to run. Arguments are lent to the function; they are free again before the handler takes them.
pub(super) fn entry(
    private: &TokenStream,
    on_replay: &OnReplay,
    entered: &Ident,
    protect: &TokenStream,
) -> TokenStream {
    let bindings = on_replay.bindings.iter().map(bind);
    let (entry, call, response) = (mixed("__entry"), call(), mixed("__response"));
    let (allow, decide) = (allow(), decide(on_replay));
    quote! {
        #allow
        let #entry = {
            #(#bindings)*
            #private::enter(#call, #decide).await
        };
        match #entry {
            #private::Result::Ok(#entered) => #protect,
            #private::Result::Err(#response) => #response,
        }
    }
}

/// The user's closure in one form, or the user's function.
fn decide(on_replay: &OnReplay) -> TokenStream {
    let (keyword, judge_send) = (on_replay.keyword, on_replay.judge_send);
    match &on_replay.decide {
        Decide::Closure(decides) => closure(keyword, decides, judge_send),
        Decide::Function(path) => function(keyword, path, judge_send),
    }
}

fn closure(keyword: Span, decides: &Closure, judge_send: bool) -> TokenStream {
    let Closure {
        saved,
        takes,
        returns,
        body,
    } = decides;
    let (pin, statements) = (pin(keyword, returns.as_deref()), &body.stmts);
    let (parameter, take) = match takes {
        None => (quote!(#saved), None),
        Some(ty) => {
            let whole = Ident::new("__saved", ty.span());
            (quote!(#whole), Some(quote!(let #saved: #ty = #whole;)))
        }
    };
    // What the whole of it is not, such as `Send`, is told under the option's name.
    let mut block = Group::new(Delimiter::Brace, quote!(#pin #take #(#statements)*));
    block.set_span(body.brace_token.span.join());
    let body = quote_spanned!(keyword=> async move #block);
    let body = if judge_send {
        quote_spanned!(keyword=> __idempotent::need_send(#body))
    } else {
        body
    };
    quote!(|#parameter| #body)
}

/// Handed over by its name, so that the compiler says of the function itself what it should take and give. Where that
/// depends on type parameters or on `Self`, it is called here.
fn function(keyword: Span, path: &ExprPath, judge_send: bool) -> TokenStream {
    let last = path.to_token_stream().into_iter().last();
    let span = last.map_or_else(|| path.span(), |tree| tree.span());
    if judge_send {
        return quote_spanned!(span=> __idempotent::deciding(#path));
    }
    let (pin, saved) = (pin(keyword, None), Ident::new("__saved", span));
    let arguments = quote_spanned!(span=> (#saved));
    let wait = quote_spanned!(span=> .await);
    let mut block = Group::new(Delimiter::Brace, quote!(#pin #path #arguments #wait));
    block.set_span(span);
    quote_spanned!(keyword=> |#saved| async move #block)
}

/// Says first what is decided, so that a body which decides something else is one error, in the body.
fn pin(keyword: Span, returns: Option<&Type>) -> TokenStream {
    let known = || quote_spanned!(keyword=> __idempotent::OnReplay);
    let ty = returns.map_or_else(known, ToTokens::to_token_stream);
    quote_spanned! {keyword=>
        #[allow(unreachable_code, unused_qualifications, clippy::diverging_sub_expression, clippy::empty_loop)]
        if false {
            let __decision: #ty = loop {};
            return __decision;
        }
    }
}
