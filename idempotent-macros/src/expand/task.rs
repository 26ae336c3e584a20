//! The door of tasks: functions that are awaited in place.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::arguments::{call, hand_over, mixed};
use super::lint::lint;
use super::policy::policy_of;
use crate::validate::{Returns, Shape, Task};

/// The function, whose callers need not change.
pub(crate) fn task(task: &Task) -> TokenStream {
    let Task {
        runtime,
        attrs,
        vis,
        sig,
        ..
    } = task;
    let private = quote!(__idempotent);
    let policy = policy_of(&private, &task.setters, task.shared.as_ref());
    let lints = task.lints.iter().map(lint);
    let protected = protected(&private, task);
    let body = quote! {
        use #runtime::task::__private as __idempotent;
        #(#lints)*
        const __POLICY: #private::Policy = #policy;
    };
    let body = match task.shape {
        Shape::Async => quote!(#body #protected),
        Shape::Future => quote!(#body async move { #protected }),
        Shape::Boxed => quote!(#body #private::Box::pin(async move { #protected })),
    };
    let mut block = Group::new(Delimiter::Brace, body);
    // It ends where the user's function does, so that what the compiler says of the whole is said there.
    block.set_span(task.body.span_close());
    quote!(#(#attrs)* #vis #sig #block)
}

/// Looks at the arguments, claims, and runs the body where it is to run.
fn protected(private: &TokenStream, task: &Task) -> TokenStream {
    let (call, returns, rejected) = (call(), mixed("__returns"), mixed("__rejected"));
    let (run, attempt, rejection) = (mixed("__run"), mixed("__attempt"), mixed("__rejection"));
    let value = mixed("__value");
    let (need, ty) = need(private, &task.returns);
    let store = &task.store.expression;
    let store = quote_spanned!(store.span()=> __idempotent::call(&#store, &__POLICY));
    let scope = task.scope.iter().map(|part| hand_over(part, "scope"));
    let keys = task.keys.iter().map(|key| hand_over(key, "key"));
    let counted = task
        .fingerprint
        .iter()
        .map(|it| hand_over(it, "fingerprint"));
    let (reject, needs_reject) = reject(private, &task.returns, &rejected, &rejection);
    let body = body(task, &attempt, &ty);
    quote! {
        let #returns = #need;
        #needs_reject
        #[allow(
            clippy::needless_borrow,
            clippy::needless_borrows_for_generic_args,
            clippy::explicit_auto_deref,
        )]
        let #call = {
            let mut #call = #store;
            #(#scope;)* #(#keys;)* #(#counted;)*
            #call
        };
        match #private::begin::<#ty>(#call, &#returns).await {
            #private::Begun::Run(#run, #attempt) => {
                match #private::run::<#ty>(#run, &#returns, #body).await {
                    #private::Ok(#value) => #value,
                    #private::Err(#rejection) => #reject,
                }
            }
            #private::Begun::Recorded(#value) => #value,
            #private::Begun::Rejected(#rejection) => #reject,
        }
    }
}

/// The user's body as a future. What it gives is said first, for `?` within.
fn body(task: &Task, attempt: &syn::Ident, ty: &TokenStream) -> TokenStream {
    let body = &task.body;
    let attempt = task.attempt.as_ref().map_or_else(
        || quote!(let _ = #attempt;),
        |(pattern, ty)| quote!(let #pattern: #ty = #attempt;),
    );
    let pin = quote! {
        #[allow(unreachable_code, clippy::diverging_sub_expression, clippy::empty_loop)]
        if false {
            let __returned: #ty = loop {};
            return __returned;
        }
    };
    match task.shape {
        Shape::Async => quote!(async move { #pin #attempt #body }),
        Shape::Future | Shape::Boxed => quote!(async move { #attempt #body.await }),
    }
}

/// The form in which the value is recorded. The user's own types stand in it, so that what is wrong with one is reported
/// there.
fn need(private: &TokenStream, returns: &Returns) -> (TokenStream, TokenStream) {
    match returns {
        Returns::Value(ty) => (quote!(#private::need_recorded::<#ty>()), quote!(#ty)),
        Returns::Result(ok, error) => (
            quote! {
                #private::need_result(
                    #private::need_recorded::<#ok>(),
                    #private::ErrorProbe::<#error>::NEW.form(),
                )
            },
            quote!(#private::Result<#ok, #error>),
        ),
    }
}

/// What the function returns where its call is refused; and how it makes that.
fn reject(
    private: &TokenStream,
    returns: &Returns,
    rejected: &syn::Ident,
    rejection: &syn::Ident,
) -> (TokenStream, TokenStream) {
    match returns {
        Returns::Value(ty) => (
            quote!(#rejected(#rejection)),
            quote!(let #rejected = #private::need_rejected::<#ty>();),
        ),
        Returns::Result(_, error) => (
            quote!(#private::Err(#rejected(#rejection))),
            quote!(let #rejected = #private::need_rejected::<#error>();),
        ),
    }
}
