//! The axum door.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, FnArg, GenericParam, Ident, Signature, Token, Type, parse_quote};

use super::on_replay::entry;
use super::policy::policy;
use crate::arguments_in_scope::{Binding, Seen};
use crate::options::response::{Buffered, Reply};
use crate::signature::{Form, Handler};
use crate::validate::{Lint, Protected};

/// The function that axum calls, with the user's within.
pub(crate) fn axum(protected: &Protected) -> TokenStream {
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
    let private_path = quote!(#runtime::axum::__private);
    let (keyword, name, generics) = (&sig.fn_token, &sig.ident, &sig.generics);
    let where_clause = &generics.where_clause;
    let parameters = parameters(&private_path, handler);
    let within = within(protected);
    let policy = policy(&private, protected);
    let (witness, replay) = (witness(), replay(&private, &protected.reply));
    let lints = protected.lints.iter().map(lint);
    let run = run(&private, protected);
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

/// A warning under the user's own words, by the one means that a macro has: the use of something deprecated.
fn lint(lint: &Lint) -> TokenStream {
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

/// An argument's name in generated code, which no name of the user's can clash with.
pub(super) fn argument(index: usize) -> Ident {
    format_ident!("__arg{index}", span = Span::mixed_site())
}

/// Any other name in generated code.
pub(super) fn mixed(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Every argument as it is, but the last, which is extracted when the key has been read.
fn parameters(private: &TokenStream, handler: &Handler) -> TokenStream {
    let captured = captured();
    let Some((last, front)) = handler.arguments.split_last() else {
        return quote!(#captured: #private::Captured<#private::NoArgument>);
    };
    let last = &last.ty;
    let front = front.iter().enumerate().map(|(index, it)| {
        let (name, ty) = (argument(index), &it.ty);
        quote!(#name: #ty,)
    });
    quote!(#(#front)* #captured: #private::Captured<#last>)
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

/// The user's function as a closure, in which `Self` is what it is outside.
fn closure(protected: &Protected) -> TokenStream {
    let Handler { sig, body, .. } = &protected.handler;
    let (name, inputs, ty) = (&sig.ident, inputs(protected), returned(sig));
    quote!(let #name = async move |#inputs| -> #ty #body;)
}

/// The arguments as they were written. One that an expression names is used, whatever the body does with it.
fn inputs(protected: &Protected) -> Punctuated<FnArg, Token![,]> {
    let seen = || protected.scope.iter().chain(&protected.key_expressions);
    let on_replay = || protected.on_replay.iter().flat_map(|it| &it.bindings);
    let bindings = || seen().flat_map(|it| &it.bindings).chain(on_replay());
    let is_named = |index| bindings().any(|binding| binding.argument == index);
    let mut inputs = protected.handler.sig.inputs.clone();
    for (index, input) in inputs.iter_mut().enumerate() {
        if let FnArg::Typed(typed) = input
            && is_named(index)
        {
            typed.attrs.push(parse_quote!(#[allow(unused_variables)]));
        }
    }
    inputs
}

fn returned(sig: &Signature) -> TokenStream {
    match &sig.output {
        syn::ReturnType::Default => quote!(()),
        syn::ReturnType::Type(_, ty) => quote!(#ty),
    }
}

/// The witness that the reply can be recorded. The user's own types stand in it, so that what is wrong with one is told
/// under it.
fn replay(private: &TokenStream, reply: &Reply) -> TokenStream {
    match reply {
        Reply::Typed(ty) => need(private, ty),
        Reply::Result(ok, error) => {
            let (ok, error) = (need(private, ok), need(private, error));
            quote!(#private::need_result(#ok, #error))
        }
        Reply::Buffered(buffered) => read_to_its_end(private, buffered),
        Reply::BufferedResult(ok, error) => {
            let (ok, error) = (
                read_to_its_end(private, ok),
                read_to_its_end(private, error),
            );
            quote!(#private::need_result(#ok, #error))
        }
    }
}

/// The witness for a response that is read to its end.
fn read_to_its_end(private: &TokenStream, buffered: &Buffered) -> TokenStream {
    match buffered {
        Buffered::Named(ty) => quote!(#private::Probe::<#ty>::NEW.kind().buffered::<#ty>()),
        Buffered::Unnamed => quote!(#private::any_response()),
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
    if is_called_as_a_stream(ty) {
        return quote!(#private::need_no_stream::<#ty>());
    }
    quote!(#private::need_replay::<#ty>())
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

/// Hands everything to the runtime.
///
/// What reads the request is one future, and the handler another, which alone moves into a task of its own.
fn run(private: &TokenStream, protected: &Protected) -> TokenStream {
    let handler = &protected.handler;
    let (captured, call, witness) = (captured(), call(), witness());
    let (entered, received) = (mixed("__entered"), mixed("__received"));
    let response = mixed("__response");
    let seen = seen(protected);
    let mutable = seen.as_ref().map(|_| quote!(mut));
    let last = handler.arguments.len().checked_sub(1).map(argument);
    let last = last.map_or_else(|| quote!(_), ToTokens::into_token_stream);
    let called = called(private, handler);
    let closure = match handler.form {
        Form::Closure => Some(closure(protected)),
        Form::Function { .. } => None,
    };
    let (answered, rest) = match &protected.on_replay {
        None => (
            quote!(answered),
            quote!(#private::hand_over(#call, async move { #private::reply(#witness, #called.await) })),
        ),
        Some(on_replay) => {
            let protect = quote!(#private::protect(#entered, #witness, #called).await);
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
                #private::Received::Run(#mutable #call, #last) => {
                    #seen
                    #closure
                    #rest
                }
                #private::Received::Answered(#response) => #private::#answered(#response),
            }
        })
    }
}

fn witness() -> Ident {
    mixed("__replay")
}

pub(super) fn call() -> Ident {
    mixed("__call")
}

fn called(private: &TokenStream, handler: &Handler) -> TokenStream {
    let name = &handler.sig.ident;
    let arguments = (0..handler.arguments.len()).map(argument);
    match handler.form {
        Form::Closure => quote!(#name(#(#arguments),*)),
        Form::Function { judge_send } => {
            let turbofish = turbofish(&handler.sig);
            let called = quote_spanned!(name.span()=> #name #turbofish(#(#arguments),*));
            if judge_send {
                let span = name.span().resolved_at(Span::mixed_site());
                let need_send = quote_spanned!(span=> #private::need_send);
                quote!(#need_send(#called))
            } else {
                called
            }
        }
    }
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

/// Evaluates all expressions over arguments, each in sight of those that it names and of no others.
fn seen(protected: &Protected) -> Option<TokenStream> {
    let scope = protected.scope.iter().map(|part| see(part, "scope"));
    let keys = protected.key_expressions.iter().map(|key| see(key, "key"));
    let allow = allow();
    match scope.chain(keys).collect::<Vec<_>>().as_slice() {
        [] => None,
        [only] => Some(quote!(#allow { #only })),
        several => Some(quote!(#allow { #({ #several })* })),
    }
}

/// Evaluates an expression over arguments and hands its value to the runtime, all under the expression's own span.
fn see(seen: &Seen, function: &str) -> TokenStream {
    let bindings = seen.bindings.iter().map(bind);
    // Of one context with the expression, so that the compiler underlines the whole of it and nothing else.
    let span = seen.expression.span();
    let (call, function) = (call(), Ident::new(function, span));
    let expression = parenthesised(&seen.expression);
    let hand_over = quote_spanned!(span=> __idempotent::#function(&mut #call, &#expression));
    quote!(#(#bindings)* #hand_over;)
}

/// Makes an argument visible by reference.
pub(super) fn bind(binding: &Binding) -> TokenStream {
    let (pattern, argument) = (&binding.pattern, argument(binding.argument));
    quote!(let #pattern = &#argument;)
}

/// Nobody who writes `&org` or `*org` need know that `org` is a reference already, nor that its pattern is matched
/// against one; and a macro may name an argument without using it.
pub(super) fn allow() -> TokenStream {
    quote!(#[allow(
        unused_variables,
        clippy::needless_borrow,
        clippy::needless_borrows_for_generic_args,
        clippy::explicit_auto_deref,
        clippy::pattern_type_mismatch
    )])
}

/// Only where precedence asks for it: the compiler warns of others.
fn parenthesised(expression: &Expr) -> TokenStream {
    match expression {
        Expr::Assign(_) | Expr::Binary(_) | Expr::Cast(_) | Expr::Closure(_) | Expr::Range(_) => {
            // The parentheses stand where the expression begins, or the compiler would underline the whole attribute.
            let mut parentheses = Group::new(Delimiter::Parenthesis, quote!(#expression));
            parentheses.set_span(expression.span());
            quote!(#parentheses)
        }
        other => quote!(#other),
    }
}

/// The user's function within, or nothing where it is a closure.
fn within(protected: &Protected) -> Option<TokenStream> {
    match protected.handler.form {
        Form::Function { .. } => Some(function(protected)),
        Form::Closure => None,
    }
}
