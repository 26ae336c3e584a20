//! `key`: where the key is.

mod place;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, Lit, Token};

pub(crate) use self::place::Place;
use self::place::{PARTS, example, named};
use crate::arguments_in_scope::{ArgumentsInScope, Seen};
use crate::errors::{Errors, nearest};
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::{List, Value, Word};

pub(super) const OPTION: Spec = Spec {
    name: "key",
    example: "key = header(\"Idempotency-Key\")",
    not_yet: None,
    rows: &[
        Row {
            doors: Door::WEB,
            about: "where the key is",
            values: "`header(\"Name\")` · `body(\"field\")` or `body(\"/json/pointer\")`, in JSON or a form · \
                 `query(\"name\")` · `path(\"name\")` · an expression over arguments, such as `event.id` · a list of \
                 these, of which the first that is present counts and two that differ are refused (400). A key in the body \
                 is part of the body: where clients may send it in either place, leave it out of the comparison with \
                 `fingerprint = except(\"/idempotency_key\")`",
            default: "`header(\"Idempotency-Key\")`",
        },
        Row {
            doors: Door::TASK,
            about: "the key",
            values: "an expression over arguments and `self`, such as `event.id`: text, an integer or a `Uuid`, or an `Option` of \
                 one · a list of these, of which the first that is present counts and two that differ are refused",
            default: "none: you must say it",
        },
    ],
};

/// The value of `key`, before its expressions are resolved.
#[derive(Debug)]
pub(crate) struct Key {
    /// At least one.
    items: Vec<Item>,
    written: Written,
}

#[derive(Debug)]
enum Item {
    Place(Place),
    Expression(Box<Expr>),
}

/// Where the key is, and the expressions that give it, in their order.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// At least one.
    pub(crate) places: Vec<Place>,
    pub(crate) expressions: Vec<Seen>,
}

impl Resolved {
    pub(crate) fn tokens(&self) -> TokenStream {
        if let [only] = self.places.as_slice() {
            return only.tokens();
        }
        let places = self.places.iter().map(Place::tokens);
        quote!(__idempotent::KeySource::FirstOf(&[#(#places),*]))
    }
}

/// What comes before a place in a suggestion.
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

pub(crate) fn key(option: &Given<Value>, errors: &mut Errors) -> Option<Key> {
    let (items, written) = match &option.value {
        Value::List(list) => (listed(list, errors)?, Written::InAList),
        one => (vec![item(one, Written::Alone, errors)?], Written::Alone),
    };
    Some(Key { items, written })
}

/// The items of a list, each once.
fn listed(list: &List, errors: &mut Errors) -> Option<Vec<Item>> {
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
    for value in &items {
        let Some(item) = item(value, Written::InAList, errors) else {
            sound = false;
            continue;
        };
        if known.iter().any(|other| is_same(other, &item)) {
            errors.at(value, "this place is listed twice", "keep one of the two");
            sound = false;
        }
        known.push(item);
    }
    sound.then_some(known)
}

fn is_same(one: &Item, other: &Item) -> bool {
    match (one, other) {
        (Item::Place(one), Item::Place(other)) => one.is_same(other),
        (Item::Expression(one), Item::Expression(other)) => one == other,
        _ => false,
    }
}

fn item(value: &Value, written: Written, errors: &mut Errors) -> Option<Item> {
    let before = written.before();
    match value {
        Value::Word(word) => from_word(word, written, errors),
        Value::Literal(Lit::Str(text)) => {
            errors.at(
                text,
                "a string says what the key is called, not where it is",
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
                "a list of keys cannot hold another list",
                "write its places in the outer list",
            );
            None
        }
        Value::Expression(expression) => Some(Item::Expression(Box::new(expression.clone()))),
    }
}

fn from_word(word: &Word, written: Written, errors: &mut Errors) -> Option<Item> {
    let part = PARTS.into_iter().find(|part| word.word == part);
    match (part, &word.arguments) {
        (Some(part), Some(arguments)) => {
            named(part, arguments, written.before(), errors).map(Item::Place)
        }
        _ => match syn::parse2(word.to_token_stream()) {
            Ok(expression) => Some(Item::Expression(Box::new(expression))),
            Err(error) => {
                errors.push(error);
                None
            }
        },
    }
}

impl Key {
    /// Resolves the expressions. `None`: mistakes were reported.
    pub(crate) fn resolve(
        self,
        arguments: &ArgumentsInScope<'_>,
        errors: &mut Errors,
    ) -> Option<Resolved> {
        let mut places = Vec::new();
        let mut expressions = Vec::new();
        let mut sound = true;
        for item in self.items {
            places.push(match item {
                Item::Place(place) => place,
                Item::Expression(it) => {
                    let seen = expression(&it, self.written, arguments, errors);
                    sound &= seen.is_some();
                    expressions.extend(seen);
                    Place::Arguments
                }
            });
        }
        sound.then_some(Resolved {
            places,
            expressions,
        })
    }
}

/// A key that the arguments give.
fn expression(
    expression: &Expr,
    written: Written,
    arguments: &ArgumentsInScope<'_>,
    errors: &mut Errors,
) -> Option<Seen> {
    if let Some(part) = meant_part(expression, arguments) {
        let meant = match expression {
            Expr::Call(call) => format!("{part}({})", call.args.to_token_stream()),
            _ => example(part).to_owned(),
        };
        errors.at(
            expression,
            "this does not name a place in the request",
            format_args!("did you mean `{}{meant}`?", written.before()),
        );
        return None;
    }
    let seen = arguments.see(expression, errors)?;
    if let Some(name) = looks_like_a_place(expression).filter(|_| !seen.names_one) {
        errors.at(
            expression,
            format_args!("`{name}` is not a place where `key` can look"),
            "the places are `header(\"…\")`, `body(\"…\")`, `query(\"…\")` and `path(\"…\")`; for any other, write an extractor and name its argument",
        );
        return None;
    }
    if !seen.names_one {
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

/// The part that was meant by one without its parentheses, or by a misspelt one.
fn meant_part(expression: &Expr, arguments: &ArgumentsInScope<'_>) -> Option<&'static str> {
    let (function, called) = match expression {
        Expr::Call(call) => (&*call.func, matches!(call.args.first(), Some(Expr::Lit(_)))),
        other => (other, false),
    };
    let Expr::Path(path) = function else {
        return None;
    };
    let written = path.path.get_ident()?.to_string();
    if called {
        nearest(&written, PARTS)
    } else {
        let meant = nearest(&written, PARTS).filter(|_| !arguments.binds(&written));
        meant.filter(|part| *part == written || arguments.nearest(&written).is_none())
    }
}
