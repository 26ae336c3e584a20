//! `response`: how the response is recorded.

use syn::{
    GenericArgument, PathArguments, ReturnType, Signature, Type, TypeTuple, punctuated::Punctuated,
    token,
};

use crate::errors::Errors;
use crate::grammar::choice::{Choice, choose};
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::Value;
use crate::signature::{impl_trait, impl_trait_in};

pub(super) const OPTION: Spec = Spec {
    name: "response",
    example: "response = typed",
    not_yet: None,
    rows: &[Row {
        doors: Door::WEB,
        about: "how the response is recorded",
        values: "`typed` (as its type says, which implements `Replay`) · `buffer` (any response, by reading its body to \
                 the end; where its type implements `Replay`, its `disposition()` still counts)",
        default: "`typed`",
    }],
};

/// A response whose body is read to its end.
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
    /// By buffering the body of either type. One of them has no name, so the whole has none.
    BufferedResult(Buffered, Buffered),
}

/// What the handler returns, recorded as the option says.
pub(crate) fn reply(option: Option<&Given<Value>>, sig: &Signature, errors: &mut Errors) -> Reply {
    let buffers = buffers(option, errors);
    let output = &sig.output;
    if let Some(unnamed) = impl_trait(output) {
        // If the function isn't async, the `impl Trait` may be the future itself.
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

/// Whether any response is buffered, instead of recorded by its type. `None` where the option itself is a mistake.
fn buffers(option: Option<&Given<Value>>, errors: &mut Errors) -> Option<bool> {
    let Some(option) = option else {
        return Some(false);
    };
    let choices = [Choice::word("typed"), Choice::word("buffer")];
    choose(option, &choices, "", errors).map(|chosen| chosen.word == "buffer")
}

/// A reply that cannot be named as a whole. Each side of a `Result` is judged by itself, so that an error type still says
/// what it means when the other side is an `impl Trait`.
fn unnamed_reply(output: &ReturnType) -> Reply {
    let sides = match output {
        ReturnType::Type(_, ty) => result(ty),
        ReturnType::Default => None,
    };
    let side = |ty: Type| match impl_trait_in(&ty) {
        Some(_) => Buffered::Unnamed,
        None => Buffered::Named(Box::new(ty)),
    };
    match sides {
        Some((ok, error)) => Reply::BufferedResult(side(ok), side(error)),
        None => Reply::Buffered(Buffered::Unnamed),
    }
}

/// The two types of a type that is written `Result<T, E>`.
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
