//! Where the key is.

mod format;
mod source;

use quote::ToTokens;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, Lit, Token};

pub(crate) use self::format::KeyFormat;
pub(super) use self::format::{fits, format};
pub(crate) use self::source::KeySource;
use self::source::{SOURCES, example};
use crate::arguments_in_scope::{ArgumentsInScope, Seen};
use crate::errors::{Errors, nearest};
use crate::options::{Given, List, Value, Word};

/// What `key` was set to, if it is sound so far.
#[derive(Debug)]
pub(super) struct Key {
    /// At least one.
    places: Vec<Place>,
    written: Written,
}

#[derive(Debug)]
enum Place {
    Source(KeySource),
    Expression(Box<Expr>),
}

/// What stands before a place, in a suggestion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Alone,
    InAList,
}

impl Written {
    fn before(self) -> &'static str {
        match self {
            Self::Alone => "key = ",
            Self::InAList => "",
        }
    }
}

pub(super) fn key(option: &Given<Value>, errors: &mut Errors) -> Option<Key> {
    let (places, written) = match &option.value {
        Value::List(list) => (places(list, errors)?, Written::InAList),
        one => (vec![place(one, Written::Alone, errors)?], Written::Alone),
    };
    Some(Key { places, written })
}

/// The places of a list, each once.
fn places(list: &List, errors: &mut Errors) -> Option<Vec<Place>> {
    let parser = Punctuated::<Value, Token![,]>::parse_terminated;
    let Ok(items) = parser.parse2(list.tokens.clone()) else {
        errors.at(
            list,
            "`key` takes places and expressions, with commas between them",
            "write for example `key = [header(\"Idempotency-Key\"), body(\"idempotency_key\")]`",
        );
        return None;
    };
    if items.is_empty() {
        errors.at(
            list,
            "an empty list names no key",
            "write for example `key = [header(\"Idempotency-Key\"), body(\"idempotency_key\")]`",
        );
        return None;
    }
    let mut known = Vec::new();
    let mut sound = true;
    for item in &items {
        let Some(place) = place(item, Written::InAList, errors) else {
            sound = false;
            continue;
        };
        if known.iter().any(|other| is_same(other, &place)) {
            errors.at(item, "this place is listed twice", "keep one of the two");
            sound = false;
        }
        known.push(place);
    }
    sound.then_some(known)
}

fn is_same(one: &Place, other: &Place) -> bool {
    match (one, other) {
        (Place::Source(one), Place::Source(other)) => one.is_same(other),
        (Place::Expression(one), Place::Expression(other)) => one == other,
        _ => false,
    }
}

fn place(value: &Value, written: Written, errors: &mut Errors) -> Option<Place> {
    let before = written.before();
    match value {
        Value::Word(word) => from_word(word, written, errors),
        Value::Literal(Lit::Str(text)) => {
            errors.at(
                text,
                "a text says what the key is called, not where it is",
                format_args!("write `{before}header({})`", text.token()),
            );
            None
        }
        Value::Literal(other) => {
            errors.at(
                other,
                "every request would have the same key",
                format_args!("write `{before}header(\"Idempotency-Key\")`, `body(\"field\")`, `query(\"name\")`, `path(\"name\")`, or an expression over arguments"),
            );
            None
        }
        Value::List(list) => {
            errors.at(
                list,
                "a list of keys holds no other list",
                "write its places in the outer list",
            );
            None
        }
        Value::Expression(expression) => Some(Place::Expression(Box::new(expression.clone()))),
    }
}

fn from_word(word: &Word, written: Written, errors: &mut Errors) -> Option<Place> {
    let source = word.word.to_string();
    match &word.arguments {
        Some(arguments) if SOURCES.contains(&source.as_str()) => {
            source::source(&source, arguments, written.before(), errors).map(Place::Source)
        }
        _ => match syn::parse2(word.to_token_stream()) {
            Ok(expression) => Some(Place::Expression(Box::new(expression))),
            Err(error) => {
                errors.push(error);
                None
            }
        },
    }
}

/// Where the key is, and the expressions that give it, in their order; nothing where mistakes were told.
pub(super) fn sources(
    key: Option<Key>,
    arguments: &ArgumentsInScope<'_>,
    errors: &mut Errors,
) -> (Option<KeySource>, Vec<Seen>) {
    let Some(Key { places, written }) = key else {
        return (None, Vec::new());
    };
    let mut expressions = Vec::new();
    let mut sources: Vec<KeySource> = Vec::new();
    let mut sound = true;
    for place in places {
        sources.push(match place {
            Place::Source(source) => source,
            Place::Expression(it) => {
                let seen = expression(&it, written, arguments, errors);
                sound &= seen.is_some();
                expressions.extend(seen);
                KeySource::Arguments
            }
        });
    }
    if !sound {
        return (None, Vec::new());
    }
    let source = match sources.len() {
        1 => sources.pop(),
        _ => Some(KeySource::FirstOf(sources)),
    };
    (source, expressions)
}

/// A key that the arguments give.
fn expression(
    expression: &Expr,
    written: Written,
    arguments: &ArgumentsInScope<'_>,
    errors: &mut Errors,
) -> Option<Seen> {
    if let Some(source) = meant_source(expression, arguments) {
        let meant = match expression {
            Expr::Call(call) => format!("{source}({})", call.args.to_token_stream()),
            _ => example(source).to_owned(),
        };
        errors.at(
            expression,
            "this names no place in the request",
            format_args!("did you mean `{}{meant}`?", written.before()),
        );
        return None;
    }
    let seen = arguments.see(expression, errors)?;
    if let Some(name) = looks_like_a_place(expression).filter(|_| seen.bindings.is_empty()) {
        errors.at(
            expression,
            format_args!("`{name}` is no place of a key"),
            "the places are `header(\"…\")`, `body(\"…\")`, `query(\"…\")` and `path(\"…\")`; any other is an extractor's, whose argument `key` then names",
        );
        return None;
    }
    if seen.bindings.is_empty() {
        let or = ", and `header(\"Idempotency-Key\")` would be a place in the request";
        arguments.names_none("key", expression, or, errors);
        return None;
    }
    Some(seen)
}

/// The name in `cookie("key")`.
fn looks_like_a_place(expression: &Expr) -> Option<&Ident> {
    let Expr::Call(call) = expression else {
        return None;
    };
    match (&*call.func, call.args.first()) {
        (Expr::Path(path), Some(Expr::Lit(_))) if call.args.len() == 1 => path.path.get_ident(),
        _ => None,
    }
}

/// The place that was meant by one without its name, or by a misspelt one.
fn meant_source(expression: &Expr, arguments: &ArgumentsInScope<'_>) -> Option<&'static str> {
    let (function, called) = match expression {
        Expr::Call(call) => (&*call.func, matches!(call.args.first(), Some(Expr::Lit(_)))),
        other => (other, false),
    };
    let Expr::Path(path) = function else {
        return None;
    };
    let written = path.path.get_ident()?.to_string();
    if called {
        nearest(&written, SOURCES)
    } else {
        let meant = nearest(&written, SOURCES).filter(|_| !arguments.binds(&written));
        meant.filter(|source| *source == written || arguments.nearest(&written).is_none())
    }
}
