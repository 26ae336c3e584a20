//! A task: any async function or method, awaited in place.

use proc_macro2::{Group, Span, TokenStream};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, FnArg, GenericArgument, Pat, PathArguments, PathSegment, ReturnType, Signature,
    Token, Type, TypeParamBound, Visibility, parse_quote,
};

use super::Lint;
use super::lints::lints;
use super::shared::{Shared, shared};
use super::together;
use crate::arguments_in_scope::{ArgumentsInScope, Seen};
use crate::errors::Errors;
use crate::function::Function;
use crate::grammar::spec::{Given, Setter};
use crate::grammar::value::{Value, ungrouped};
use crate::options::response::result;
use crate::options::{Options, fingerprint, key, key_format, runtime, scope};

/// A task and everything that its attribute says, free of mistakes.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) runtime: syn::Path,
    pub(crate) setters: Vec<Setter>,
    pub(crate) shared: Option<Shared>,
    pub(crate) keys: Vec<Seen>,
    pub(crate) scope: Vec<Seen>,
    pub(crate) fingerprint: Vec<Seen>,
    pub(crate) store: Seen,
    pub(crate) lints: Vec<Lint>,
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    /// As callers see it: without an `Attempt`.
    pub(crate) sig: Signature,
    /// What the `Attempt` is called within, and its type.
    pub(crate) attempt: Option<(Pat, Type)>,
    pub(crate) body: Group,
    pub(crate) shape: Shape,
    pub(crate) returns: Returns,
}

/// How the function gives its future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `async fn`.
    Async,
    /// `fn … -> impl Future`.
    Future,
    /// `fn … -> Pin<Box<dyn Future>>`, as other attributes leave it behind.
    Boxed,
}

/// What the function's future gives.
#[derive(Debug)]
pub(crate) enum Returns {
    Value(Box<Type>),
    Result(Box<Type>, Box<Type>),
}

pub(crate) fn task(options: &Options, item: TokenStream, mut errors: Errors) -> syn::Result<Task> {
    let function = Function::parse(item, &mut errors);
    options.not_available(&mut errors);
    let key = options.key.as_ref();
    let key = key.and_then(|option| key::key(option, &mut errors));
    let format = options.key_format.as_ref();
    let format = format.and_then(|option| key_format::tokens(option, &mut errors));
    let settings = options.setters(&mut errors);
    together(options, &mut errors);
    statuses(options, &mut errors);
    let shared = shared(options, &mut errors);
    let runtime = runtime::path(options.runtime.as_ref(), &mut errors);
    let Some(function) = function else {
        errors.finish()?;
        return Err(syn::Error::new(Span::call_site(), "expected a function"));
    };
    let Function {
        attrs,
        vis,
        mut sig,
        body,
    } = function;
    qualifiers(&sig, &mut errors);
    missing(options, &sig, &mut errors);
    let attempt = take_attempt(&mut sig);
    let patterns: Vec<Pat> = patterns(&sig).cloned().collect();
    let arguments = ArgumentsInScope::new(&sig.ident, &patterns).with_receiver(sig.receiver());
    let keys = key.and_then(|key| key.resolve(&arguments, &mut errors));
    let (places, keys) = keys.map_or_else(Default::default, |key| {
        (Some(key.tokens()), {
            places(options, &key.places, &mut errors);
            key.expressions
        })
    });
    key_format::outside_headers(options.key_format.as_ref(), &mut errors);
    let scope = scope::of_a_task(options.scope.as_ref(), &arguments, &mut errors);
    let fingerprint = options.fingerprint.as_ref();
    let fingerprint =
        fingerprint.map(|option| fingerprint::arguments(option, &arguments, &mut errors));
    let store = options.store.as_ref();
    let store =
        store.and_then(|option| arguments.see(&ungrouped(option.value.clone()), &mut errors));
    let (shape, output) = shape(&sig, &mut errors);
    errors.finish()?;
    let Some(store) = store else {
        return Err(syn::Error::new(Span::call_site(), "a task needs a store"));
    };
    let setter = |method, argument| Setter { method, argument };
    let key_setters = [
        places.map(|argument| setter("key", argument)),
        format.map(|argument| setter("key_format", argument)),
    ];
    let returns = match result(&output) {
        Some((ok, error)) => Returns::Result(Box::new(ok), Box::new(error)),
        None => Returns::Value(Box::new(output)),
    };
    Ok(Task {
        runtime,
        setters: key_setters.into_iter().flatten().chain(settings).collect(),
        shared,
        keys,
        scope,
        fingerprint: fingerprint.unwrap_or_default(),
        store,
        lints: lints(options),
        attrs,
        vis,
        sig,
        attempt,
        body,
        shape,
        returns,
    })
}

fn patterns(sig: &Signature) -> impl Iterator<Item = &Pat> {
    sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(&*typed.pat),
        FnArg::Receiver(_) => None,
    })
}

/// One message for all that a task must say and doesn't.
fn missing(options: &Options, sig: &Signature, errors: &mut Errors) {
    let needed = [
        (options.key.is_none(), "key", "key = event.id"),
        (
            options.scope.is_none() && !options.scope_attempted,
            "scope",
            "scope = event.tenant",
        ),
        (
            options.operation.is_none() && options.policy.is_none(),
            "operation",
            "operation = \"a name\"",
        ),
        (
            options.fingerprint.is_none(),
            "fingerprint",
            "fingerprint = none",
        ),
        (options.store.is_none(), "store", "store = self.idempotency"),
    ];
    let missing = needed.iter().filter(|(is_missing, ..)| *is_missing);
    let (names, examples): (Vec<String>, Vec<&str>) = missing
        .map(|(_, name, example)| (format!("`{name}`"), *example))
        .unzip();
    if names.is_empty() {
        return;
    }
    let span = sig.ident.span().located_at(Span::call_site());
    let are = if names.len() == 1 { "is" } else { "are" };
    errors.at_span(
        span,
        format_args!(
            "a task has no request to take them from: {} {are} missing",
            names.join(", ")
        ),
        format_args!("write for example `{}`", examples.join(", ")),
    );
}

/// A task is answered by no status.
fn statuses(options: &Options, errors: &mut Errors) {
    if let Some(Given {
        value: Value::List(list),
        ..
    }) = &options.release
    {
        errors.at(
            list,
            "a task has no status",
            "write `release = failures`, or `release = never`",
        );
    }
    if let Some(operation) = &options.operation
        && (operation.value.is_word("route") || operation.value.is_word("path"))
    {
        errors.at(
            &operation.keyword,
            "a task has no route and no path",
            "write a name in quotes, `operation = \"a name\"`",
        );
    }
}

fn places(options: &Options, places: &[key::Place], errors: &mut Errors) {
    let Some(option) = &options.key else { return };
    if places.iter().any(|place| !place.is_an_argument()) {
        errors.at(
            &option.keyword,
            "a task has no request in which a key could be",
            "write an expression over arguments and `self`, such as `key = event.id`",
        );
    }
}

fn qualifiers(sig: &Signature, errors: &mut Errors) {
    let name = &sig.ident;
    if let Some(constness) = &sig.constness {
        errors.at(
            constness,
            "a task cannot be `const`",
            format_args!("write `async fn {name}`"),
        );
    }
}

/// Takes the argument that callers don't pass.
fn take_attempt(sig: &mut Signature) -> Option<(Pat, Type)> {
    let is_attempt = |input: &FnArg| match input {
        FnArg::Typed(typed) => matches!(&*typed.ty, Type::Path(path)
            if path.path.segments.last().is_some_and(|last| last.ident == "Attempt")),
        FnArg::Receiver(_) => false,
    };
    let taken = sig.inputs.iter().find(|input| is_attempt(input))?;
    let FnArg::Typed(typed) = taken else {
        return None;
    };
    let attempt = ((*typed.pat).clone(), (*typed.ty).clone());
    let inputs = std::mem::take(&mut sig.inputs);
    let kept = inputs.into_iter().filter(|input| !is_attempt(input));
    sig.inputs = kept.collect::<Punctuated<FnArg, Token![,]>>();
    Some(attempt)
}

/// How the function gives its future, and what that gives.
fn shape(sig: &Signature, errors: &mut Errors) -> (Shape, Type) {
    let output = match &sig.output {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    if sig.asyncness.is_some() {
        return (Shape::Async, output);
    }
    if let Some(found) = future(&output) {
        return found;
    }
    errors.at(
        sig.fn_token,
        "a task must be async",
        format_args!("write `async fn {}`", sig.ident),
    );
    (Shape::Async, output)
}

/// `impl Future<Output = T>`, `Pin<Box<dyn Future<Output = T>>>` or `BoxFuture<'_, T>`.
fn future(ty: &Type) -> Option<(Shape, Type)> {
    match ty {
        Type::Group(group) => future(&group.elem),
        Type::Paren(paren) => future(&paren.elem),
        Type::ImplTrait(it) => Some((Shape::Future, output_of(&it.bounds)?)),
        Type::Path(path) => boxed(path.path.segments.last()?),
        _ => None,
    }
}

fn boxed(last: &PathSegment) -> Option<(Shape, Type)> {
    let types = type_arguments(last);
    let [argument] = types.as_slice() else {
        return None;
    };
    if last.ident == "BoxFuture" || last.ident == "LocalBoxFuture" {
        return Some((Shape::Boxed, argument.clone()));
    }
    let (Type::Path(path), true) = (argument, last.ident == "Pin") else {
        return None;
    };
    let inner = path.path.segments.last().filter(|it| it.ident == "Box")?;
    match type_arguments(inner).as_slice() {
        [Type::TraitObject(object)] => Some((Shape::Boxed, output_of(&object.bounds)?)),
        _ => None,
    }
}

fn type_arguments(segment: &PathSegment) -> Vec<Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    types.collect()
}

/// The `T` of `Future<Output = T>`.
fn output_of(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<Type> {
    bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else {
            return None;
        };
        let last = bound.path.segments.last()?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else {
            return None;
        };
        arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(it) if it.ident == "Output" => Some(it.ty.clone()),
            _ => None,
        })
    })
}
