//! The doors through which HTTP requests come.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{GenericParam, Ident, ReturnType, Signature};

use super::arguments::{argument, call, inputs, mixed, seen};
use super::lint::lint;
use super::on_replay::entry;
use super::policy::policy;
use super::replay::replay;
use crate::grammar::spec::Door;
use crate::signature::{Form, Handler};
use crate::validate::Protected;

/// The function that the framework calls, with the user's within.
pub(crate) fn web(door: Door, protected: &Protected) -> TokenStream {
    let Protected {
        runtime, handler, ..
    } = protected;
    let Handler {
        outer_attrs,
        vis,
        sig,
        ..
    } = handler;
    let private = quote!(__idempotent);
    let module = mixed(door.module());
    let private_path = quote!(#runtime::#module::__private);
    let (keyword, name, generics) = (&sig.fn_token, &sig.ident, &sig.generics);
    let where_clause = &generics.where_clause;
    let parameters = parameters(door, &private_path, handler);
    let within = within(protected);
    let policy = policy(&private, protected);
    let (witness, replay) = (witness(), replay(door, &private, &protected.reply));
    let lints = protected.lints.iter().map(lint);
    let run = run(door, &private, protected);
    let next = next(&private_path, protected);
    let mut body = Group::new(
        Delimiter::Brace,
        quote! {
            use #private_path as __idempotent;
            #within
            #(#lints)*
            const __POLICY: #private::Policy = #policy;
            let #witness = #replay;
            #run
        },
    );
    // It begins and ends where the user's function does: a handler that nobody routes is unused, and the compiler warns
    // of no item that begins or ends in a macro. It has no lines of its own, so that its length is not told twice.
    body.set_span(handler.body.span_close());
    // It returns a `Run`, which is `#[must_use]` for reasons of its own.
    let must_use = outer_attrs.iter().any(|it| it.path().is_ident("must_use"));
    let allow = must_use.then(|| quote!(#[allow(clippy::double_must_use)]));
    quote! {
        #(#outer_attrs)*
        #allow
        #vis #keyword #name #generics(#parameters) -> #private_path::Run<
            impl ::core::future::Future<Output = #private_path::#next>
        >
        #where_clause
        #body
    }
}

/// What is left to do once the request has been read.
fn next(private: &TokenStream, protected: &Protected) -> TokenStream {
    let (next, output) = match protected.on_replay {
        None => (quote!(Handing), quote!(Reply)),
        Some(_) => (quote!(Deciding), quote!(Response)),
    };
    quote!(#next<impl ::core::future::Future<Output = #private::#output>>)
}

/// What the framework extracts. On axum, every argument as it is, but the last, which is extracted when the key has been
/// read; on actix-web, where an argument may read the body, one value that extracts all of them in their turn.
fn parameters(door: Door, private: &TokenStream, handler: &Handler) -> TokenStream {
    let captured = captured();
    let types = handler.arguments.iter().map(|it| it.ty.to_token_stream());
    let mut types: Vec<TokenStream> = types.collect();
    let last = types.pop();
    let last = last.unwrap_or_else(|| quote!(#private::NoArgument));
    if door == Door::Actix {
        return quote!(#captured: #private::Captured<(#(#types,)*), #last>);
    }
    let names = (0..types.len()).map(argument);
    quote!(#(#names: #types,)* #captured: #private::Captured<#last>)
}

fn captured() -> Ident {
    mixed("__captured")
}

/// The user's function, if it can be one, with its body as it was typed.
fn function(protected: &Protected) -> TokenStream {
    let Handler {
        inner_attrs,
        sig,
        body,
        ..
    } = &protected.handler;
    let sig = Signature {
        inputs: inputs(protected),
        ..sig.clone()
    };
    // Told once, of the function around it.
    let many = sig.inputs.len() > MOST_BY_DEFAULT;
    let allow = many.then(|| quote!(#[allow(clippy::too_many_arguments)]));
    quote!(#(#inner_attrs)* #allow #sig #body)
}

/// The most arguments that clippy takes without a word, unless it is told otherwise.
const MOST_BY_DEFAULT: usize = 7;

/// The user's function as a closure, in which `Self` is what it is outside. What the compiler says of its future, it says under
/// the function's name.
fn closure(protected: &Protected) -> TokenStream {
    let Handler { sig, body, .. } = &protected.handler;
    let (name, inputs, ty) = (&sig.ident, inputs(protected), returned(sig));
    quote_spanned!(name.span()=> let #name = async move |#inputs| -> #ty #body;)
}

fn returned(sig: &Signature) -> TokenStream {
    match &sig.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => quote!(#ty),
    }
}

/// Hands everything to the runtime.
///
/// What reads the request is one future, and the handler another, which alone moves into a task of its own.
fn run(door: Door, private: &TokenStream, protected: &Protected) -> TokenStream {
    let handler = &protected.handler;
    let (captured, call, witness) = (captured(), call(), witness());
    let (entered, received) = (mixed("__entered"), mixed("__received"));
    let response = mixed("__response");
    let seen = seen(protected);
    let mutable = seen.as_ref().map(|_| quote!(mut));
    let (received_as, request) = received_as(door, handler);
    let called = called(door, private, handler);
    let closure = match handler.form {
        Form::Closure { .. } => Some(closure(protected)),
        Form::Function { .. } => None,
    };
    let (answered, rest) = match &protected.on_replay {
        None => (
            quote!(answered),
            quote!(#private::hand_over(#call, async move { #private::reply(#witness, #request #called.await) })),
        ),
        Some(on_replay) => {
            let protect = quote!(#private::protect(#entered, #request #witness, #called).await);
            let entry = entry(private, on_replay, &entered, &protect);
            (
                quote!(decided),
                quote!(#private::decide(#call, move |#call| async move { #entry })),
            )
        }
    };
    quote! {
        let #received = #private::receive(#captured, &__POLICY);
        #private::run(async move {
            match #received.await {
                #private::Received::Run(#mutable #call, #received_as) => {
                    #seen
                    #closure
                    #rest
                }
                #private::Received::Answered(#response) => #private::#answered(#response),
            }
        })
    }
}

/// The pattern of what was received beside the call; and what of it a reply is made with, as an argument.
fn received_as(door: Door, handler: &Handler) -> (TokenStream, Option<TokenStream>) {
    let mut arguments: Vec<Ident> = (0..handler.arguments.len()).map(argument).collect();
    let last = arguments.pop();
    let last = last.map_or_else(|| quote!(_), ToTokens::into_token_stream);
    if door != Door::Actix {
        return (last, None);
    }
    let request = mixed("__request");
    (
        quote!(#request, (#(#arguments,)*), #last),
        Some(quote!(&#request,)),
    )
}

fn witness() -> Ident {
    mixed("__replay")
}

fn called(door: Door, private: &TokenStream, handler: &Handler) -> TokenStream {
    let name = &handler.sig.ident;
    let arguments = (0..handler.arguments.len()).map(argument);
    let turbofish = match handler.form {
        Form::Closure { .. } => None,
        Form::Function { .. } => turbofish(&handler.sig),
    };
    let called = quote_spanned!(name.span()=> #name #turbofish(#(#arguments),*));
    // Nothing on actix-web is sent to another thread.
    if door == Door::Actix || !handler.form.judges_send() {
        return called;
    }
    let span = name.span().resolved_at(Span::mixed_site());
    let need_send = quote_spanned!(span=> #private::need_send);
    quote!(#need_send(#called))
}

/// Type and const parameters by name; lifetimes are inferred.
fn turbofish(sig: &Signature) -> Option<TokenStream> {
    let names: Vec<&Ident> = sig
        .generics
        .params
        .iter()
        .filter_map(|param| match param {
            GenericParam::Type(ty) => Some(&ty.ident),
            GenericParam::Const(constant) => Some(&constant.ident),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    (!names.is_empty()).then(|| quote!(::<#(#names),*>))
}

/// The user's function within, or nothing where it is a closure.
fn within(protected: &Protected) -> Option<TokenStream> {
    match protected.handler.form {
        Form::Function { .. } => Some(function(protected)),
        Form::Closure { .. } => None,
    }
}
