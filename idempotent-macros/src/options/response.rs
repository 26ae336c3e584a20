//! `response`: how the response is recorded.

use syn::{
    GenericArgument, PathArguments, ReturnType, Signature, Type, TypeTuple, punctuated::Punctuated,
    token,
};

use crate::errors::Errors;
use crate::grammar::choice::{Choice, choose};
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::Value;
use crate::signature::impl_trait_in;

pub(super) const OPTION: Spec = Spec {
    name: "response",
    example: "response = typed",
    not_yet: None,
    rows: &[Row {
        doors: Door::WEB,
        about: "how the response is recorded",
        values: "`typed` (as its type says, which implements `Replay`) · `buffer` (any response, by reading its body to \
                 the end; where its type implements `Replay`, its `disposition()` still counts)",
        default: "by the written type: `impl Trait` and whatever is any response are read to their end, every other type must \
                  implement `Replay`; each side of a `Result` by itself",
    }],
};

/// What a handler returns, and how that is recorded.
#[derive(Debug)]
pub(crate) enum Reply {
    One(Side),
    /// Each side of a `Result` by itself.
    Result(Side, Side),
}

/// A response, and how it is recorded.
#[derive(Debug)]
pub(crate) enum Side {
    /// As its type says.
    Typed(Box<Type>),
    /// By reading it to its end. What its type says still counts, if it says anything.
    Buffered(Box<Type>),
    /// By reading it to its end. It is an `impl Trait`.
    Unnamed,
}

/// What the handler returns, recorded as the option says, or else as the type is written.
pub(crate) fn reply(option: Option<&Given<Value>>, sig: &Signature, errors: &mut Errors) -> Reply {
    let choice = option.and_then(|option| choice(option, errors));
    let ty = match &sig.output {
        ReturnType::Default => Type::Tuple(TypeTuple {
            attrs: Vec::new(),
            paren_token: token::Paren::default(),
            elems: Punctuated::new(),
        }),
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    let mut side = |ty: Type| match (impl_trait_in(&ty), choice) {
        (Some(unnamed), Some("typed")) => {
            errors.at(
                unnamed,
                "`impl Trait` does not say how the response is recorded",
                "write the type's name; or leave `response` out, and the response is read to its end",
            );
            Side::Unnamed
        }
        (Some(_), _) => Side::Unnamed,
        (None, Some("buffer")) => Side::Buffered(Box::new(ty)),
        (None, None) if is_alias_of_any_response(&ty) => Side::Buffered(Box::new(ty)),
        (None, _) => Side::Typed(Box::new(ty)),
    };
    match result(&ty) {
        Some((ok, error)) => Reply::Result(side(ok), side(error)),
        None => Reply::One(side(ty)),
    }
}

fn choice(option: &Given<Value>, errors: &mut Errors) -> Option<&'static str> {
    let choices = [Choice::word("typed"), Choice::word("buffer")];
    let chosen = choose(option, &choices, "", errors)?;
    Some(if chosen.word == "buffer" {
        "buffer"
    } else {
        "typed"
    })
}

/// `Result<Response>`, an alias whose error isn't written, and which is any response anyway.
fn is_alias_of_any_response(ty: &Type) -> bool {
    let Some(arguments) = arguments_of_result(ty) else {
        return false;
    };
    match arguments.as_slice() {
        [Type::Path(path)] => {
            let last = path.path.segments.last();
            last.is_some_and(|last| last.ident == "Response" || last.ident == "HttpResponse")
        }
        _ => false,
    }
}

/// The two types of a type that is written `Result<T, E>`.
pub(crate) fn result(ty: &Type) -> Option<(Type, Type)> {
    match arguments_of_result(ty)?.as_slice() {
        [ok, error] => Some((ok.clone(), error.clone())),
        _ => None,
    }
}

/// The type arguments of a type that is written `Result<…>`.
fn arguments_of_result(ty: &Type) -> Option<Vec<Type>> {
    let path = match ty {
        // A type that came through `macro_rules!`.
        Type::Group(group) => return arguments_of_result(&group.elem),
        Type::Paren(paren) => return arguments_of_result(&paren.elem),
        Type::Path(path) if path.qself.is_none() => &path.path,
        _ => return None,
    };
    let last = path.segments.last().filter(|last| last.ident == "Result")?;
    let PathArguments::AngleBracketed(types) = &last.arguments else {
        return None;
    };
    let types = types.args.iter().map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    types.collect()
}
