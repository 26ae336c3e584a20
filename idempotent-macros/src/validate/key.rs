//! Where the key is and what it looks like.

use quote::ToTokens;
use syn::{Expr, Lit, LitStr};

use super::choice::{Choice, choose};
use super::range;
use crate::arguments_in_scope::{ArgumentsInScope, Seen};
use crate::errors::{Errors, nearest};
use crate::options::{Arguments, Given, Value, Word};

/// Where the key is.
#[derive(Debug)]
pub(crate) enum KeySource {
    Header(LitStr),
    Body(LitStr),
    Query(LitStr),
    Path(LitStr),
    Arguments,
}

/// What a key looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyFormat {
    Any { min: u16, max: u16 },
    Ascii { min: u16, max: u16 },
    Uuid,
    Quoted,
}

/// The places in a request that `key` can name.
const SOURCES: [&str; 4] = ["header", "body", "query", "path"];

/// What `key` was set to, if it is sound so far.
#[derive(Debug)]
pub(super) enum Key {
    Source(KeySource),
    Expression(Box<Expr>),
}

pub(super) fn key(option: &Given<Value>, errors: &mut Errors) -> Option<Key> {
    match &option.value {
        Value::Word(word) => from_word(word, errors),
        Value::Literal(Lit::Str(text)) => {
            errors.at(
                text,
                "a text says what the key is called, not where it is",
                format_args!("write `key = header({})`", text.token()),
            );
            None
        }
        Value::Literal(other) => {
            errors.at(
                other,
                "every request would have the same key",
                "write `key = header(\"Idempotency-Key\")`, `body(\"field\")`, `query(\"name\")`, `path(\"name\")`, or an expression over arguments",
            );
            None
        }
        Value::List(list) => {
            errors.not_yet(
                list,
                "key = [..]",
                "name one place, such as `key = header(\"Idempotency-Key\")`",
            );
            None
        }
        Value::Expression(expression) => Some(Key::Expression(Box::new(expression.clone()))),
    }
}

fn from_word(word: &Word, errors: &mut Errors) -> Option<Key> {
    let source = word.word.to_string();
    match &word.arguments {
        Some(arguments) if SOURCES.contains(&source.as_str()) => {
            let name = name(&source, arguments, errors)?;
            from_source(&source, name, errors).map(Key::Source)
        }
        _ => match syn::parse2(word.to_token_stream()) {
            Ok(expression) => Some(Key::Expression(Box::new(expression))),
            Err(error) => {
                errors.push(error);
                None
            }
        },
    }
}

fn name(source: &str, arguments: &Arguments, errors: &mut Errors) -> Option<LitStr> {
    let name = syn::parse2(arguments.tokens.clone()).ok();
    if name.is_none() {
        errors.at(
            arguments,
            format_args!("`{source}` takes one name in quotes"),
            format_args!("write `key = {}`", example(source)),
        );
    }
    name
}

fn example(source: &str) -> &'static str {
    match source {
        "header" => "header(\"Idempotency-Key\")",
        "body" => "body(\"request_id\")",
        "query" => "query(\"request_id\")",
        _ => "path(\"request_id\")",
    }
}

fn from_source(source: &str, name: LitStr, errors: &mut Errors) -> Option<KeySource> {
    let text = name.value();
    if text.is_empty() {
        errors.at(
            &name,
            format_args!("`{source}` needs a name"),
            format_args!("write for example `key = {}`", example(source)),
        );
        return None;
    }
    match source {
        "header" => header(&name, &text, errors),
        "body" if text.starts_with('/') => {
            is_pointer(&name, &text, errors).then_some(KeySource::Body(name))
        }
        "body" => Some(KeySource::Body(name)),
        "query" => Some(KeySource::Query(name)),
        _ => path(name, &text, errors),
    }
}

/// A header's name in lower case, as the runtime compares it.
fn header(name: &LitStr, text: &str, errors: &mut Errors) -> Option<KeySource> {
    // RFC 9110, section 5.6.2.
    let in_token =
        |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter);
    if let Some(letter) = text.chars().find(|letter| !in_token(*letter)) {
        errors.at(
            name,
            format_args!("a header's name cannot hold {letter:?}"),
            "write letters, digits and hyphens, such as `header(\"Idempotency-Key\")`",
        );
        return None;
    }
    Some(KeySource::Header(LitStr::new(
        &text.to_ascii_lowercase(),
        name.span(),
    )))
}

/// RFC 6901: a tilde stands only in `~0` and `~1`.
fn is_pointer(name: &LitStr, text: &str, errors: &mut Errors) -> bool {
    let sound = text
        .split('~')
        .skip(1)
        .all(|after| after.starts_with(['0', '1']));
    if !sound {
        errors.at(
            name,
            "this is no JSON pointer: a `~` stands alone",
            "write `~0` for `~`, and `~1` for `/` within a name",
        );
    }
    sound
}

fn path(name: LitStr, text: &str, errors: &mut Errors) -> Option<KeySource> {
    let bare = text.trim_matches(['/', '{', '}', '*', ':']);
    if bare != text || text.contains('/') {
        errors.at(
            &name,
            "a path parameter is named without slash, colon or braces",
            format_args!(
                "write for example `path(\"{}\")` for the route `/{{{0}}}`",
                if bare.is_empty() || bare.contains('/') {
                    "id"
                } else {
                    bare
                }
            ),
        );
        return None;
    }
    Some(KeySource::Path(name))
}

/// A key that the arguments give.
pub(super) fn expression(
    expression: &Expr,
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
            format_args!("did you mean `key = {meant}`?"),
        );
        return None;
    }
    let seen = arguments.see(expression, errors)?;
    if seen.bindings.is_empty() {
        let or = ", and `header(\"Idempotency-Key\")` would be a place in the request";
        arguments.names_none("key", expression, or, errors);
        return None;
    }
    Some(seen)
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
        SOURCES
            .into_iter()
            .find(|source| *source == written && !arguments.binds(source))
    }
}

pub(super) fn format(
    option: &Given<Value>,
    key: Option<&Key>,
    errors: &mut Errors,
) -> Option<KeyFormat> {
    const CHOICES: [Choice; 4] = [
        Choice::with("any", "any(1..=255)"),
        Choice::with("ascii", "ascii(16..=128)"),
        Choice::word("uuid"),
        Choice::word("quoted"),
    ];
    let chosen = choose(option, &CHOICES, "", errors)?;
    match (chosen.word, chosen.arguments) {
        ("any", Some(arguments)) => {
            let (min, max) = range::lengths("any", arguments, errors)?;
            Some(KeyFormat::Any { min, max })
        }
        ("ascii", Some(arguments)) => {
            let (min, max) = range::lengths("ascii", arguments, errors)?;
            Some(KeyFormat::Ascii { min, max })
        }
        ("quoted", _) => {
            let elsewhere =
                key.is_some_and(|key| !matches!(key, Key::Source(KeySource::Header(_))));
            if elsewhere {
                errors.at(
                    chosen.ident,
                    "`quoted` is a format of headers, and this key does not come in one",
                    "write another format, such as `any(1..=255)`, or `key = header(\"Idempotency-Key\")`",
                );
            }
            (!elsewhere).then_some(KeyFormat::Quoted)
        }
        _ => Some(KeyFormat::Uuid),
    }
}
