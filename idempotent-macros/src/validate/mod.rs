//! From options as they were written to what the expansion takes, in which nothing is left to decide.

mod choice;
mod key;
mod on_replay;
mod pointer;
mod range;
mod scope;
mod second_look;
mod settings;
mod shared;
mod signature;
mod time;

use proc_macro2::{Span, TokenStream};
use syn::{
    GenericArgument, Path, PathArguments, ReturnType, Signature, Type, TypeTuple,
    punctuated::Punctuated, token,
};

pub(crate) use self::key::{KeyFormat, KeySource};
pub(crate) use self::on_replay::{Closure, Decide, OnReplay};
pub(crate) use self::second_look::SecondLook;
pub(crate) use self::settings::{
    Abandoned, Fingerprint, Mismatch, Missing, Operation, Pending, Release, Settings,
};
pub(crate) use self::shared::Shared;
pub(crate) use self::signature::{Form, Handler};
pub(crate) use self::time::Ttl;
use crate::arguments_in_scope::{ArgumentsInScope, Seen};
use crate::errors::Errors;
use crate::function::Function;
use crate::options::Options;

/// An axum handler and all that its attribute says, without a mistake.
#[derive(Debug)]
pub(crate) struct Protected {
    pub(crate) runtime: Path,
    pub(crate) settings: Settings,
    pub(crate) shared: Option<Shared>,
    pub(crate) key: Option<KeySource>,
    pub(crate) key_expressions: Vec<Seen>,
    pub(crate) scope: Vec<Seen>,
    pub(crate) on_replay: Option<OnReplay>,
    pub(crate) reply: Reply,
    pub(crate) handler: Handler,
    pub(crate) second_looks: Vec<SecondLook>,
}

/// A response that is read to its end.
#[derive(Debug)]
pub(crate) enum Buffered {
    Named(Box<Type>),
    /// An `impl Trait`.
    Unnamed,
}

/// What the handler returns, and how that is recorded.
#[derive(Debug)]
pub(crate) enum Reply {
    /// As its type says.
    Typed(Box<Type>),
    /// As the two types of a `Result` say.
    Result(Box<Type>, Box<Type>),
    /// By buffering its body.
    Buffered(Buffered),
    /// By buffering the body of whichever of the two it is. One of them has no name, so the whole has none.
    BufferedResult(Buffered, Buffered),
}

/// Judges everything, and tells all mistakes at once.
pub(crate) fn validate(
    options: &Options,
    item: TokenStream,
    mut errors: Errors,
) -> syn::Result<Protected> {
    let function = Function::parse(item, &mut errors);
    let (key, settings) = settings::settings(options, &mut errors);
    let shared = shared::shared(options, &mut errors);
    let buffers = settings::buffers(options.response.as_ref(), &mut errors);
    let Some(function) = function else {
        errors.finish()?;
        return Err(syn::Error::new(Span::call_site(), "expected a function"));
    };
    let handler = signature::handler(function, &mut errors);
    let patterns = handler.arguments.iter().map(|argument| &argument.pattern);
    let arguments = ArgumentsInScope::new(&handler.sig.ident, patterns);
    let (key, key_expressions) = key::sources(key, &arguments, &mut errors);
    let format = options.key_format.as_ref();
    key::fits(settings.key_format, format, key.as_ref(), &mut errors);
    let on_replay = options
        .on_replay
        .as_ref()
        .and_then(|option| on_replay::on_replay(option, handler.form, &arguments, &mut errors));
    let scope = scope::scope(options, &handler, &arguments, &mut errors);
    let reply = reply(&handler.sig, buffers, &mut errors);
    let runtime = settings::runtime(options.runtime.as_ref(), &mut errors);
    errors.finish()?;
    let second_looks = second_look::second_looks(options, &settings);
    Ok(Protected {
        runtime,
        settings,
        shared,
        key,
        key_expressions,
        scope,
        on_replay,
        reply,
        handler,
        second_looks,
    })
}

/// `buffers`: `None` where the option itself was a mistake.
fn reply(sig: &Signature, buffers: Option<bool>, errors: &mut Errors) -> Reply {
    let output = &sig.output;
    if let Some(unnamed) = signature::impl_trait(output) {
        // Of a function that isn't async, the future itself may be the `impl Trait`.
        if buffers == Some(false) && sig.asyncness.is_some() {
            errors.at(
                unnamed,
                "`impl Trait` does not say how the response is recorded",
                "write the type's name, or `response = buffer` to record any response as bytes",
            );
        }
        return unnamed_reply(output);
    }
    let ty = match output {
        ReturnType::Default => Type::Tuple(TypeTuple {
            attrs: Vec::new(),
            paren_token: token::Paren::default(),
            elems: Punctuated::new(),
        }),
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    if buffers == Some(true) {
        return Reply::Buffered(Buffered::Named(Box::new(ty)));
    }
    match result(&ty) {
        Some((ok, error)) => Reply::Result(Box::new(ok), Box::new(error)),
        None => Reply::Typed(Box::new(ty)),
    }
}

/// A reply that cannot be named as a whole. Of a `Result` each side is judged by itself, so that an error says what it means
/// though the other side is an `impl Trait`.
fn unnamed_reply(output: &ReturnType) -> Reply {
    let sides = match output {
        ReturnType::Type(_, ty) => result(ty),
        ReturnType::Default => None,
    };
    let side = |ty: Type| match signature::impl_trait_in(&ty) {
        Some(_) => Buffered::Unnamed,
        None => Buffered::Named(Box::new(ty)),
    };
    match sides {
        Some((ok, error)) => Reply::BufferedResult(side(ok), side(error)),
        None => Reply::Buffered(Buffered::Unnamed),
    }
}

/// The two types of what is written `Result<T, E>`.
fn result(ty: &Type) -> Option<(Type, Type)> {
    let path = match ty {
        // A type that came through `macro_rules!`.
        Type::Group(group) => return result(&group.elem),
        Type::Paren(paren) => return result(&paren.elem),
        Type::Path(path) if path.qself.is_none() => &path.path,
        _ => return None,
    };
    let last = path.segments.last()?;
    let PathArguments::AngleBracketed(types) = &last.arguments else {
        return None;
    };
    let mut types = types.args.iter();
    match (types.next()?, types.next()?, types.next()) {
        (GenericArgument::Type(ok), GenericArgument::Type(error), None)
            if last.ident == "Result" =>
        {
            Some((ok.clone(), error.clone()))
        }
        _ => None,
    }
}
