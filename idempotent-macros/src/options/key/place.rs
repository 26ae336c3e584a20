//! The places in a request that `key` can name.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Path, Token};

use crate::errors::Errors;
use crate::grammar::pointer;
use crate::grammar::value::Arguments;

/// Where a key can be.
#[derive(Debug)]
pub(crate) enum Place {
    /// In a part of the request, under this name.
    Named(&'static str, LitStr),
    /// The same, under the name that a constant has.
    Constant(&'static str, Path),
    /// In the arguments, as an expression says.
    Arguments,
}

/// The parts of a request in which a key can have a name.
pub(super) const PARTS: [&str; 4] = ["header", "body", "query", "path"];

impl Place {
    pub(crate) fn is_a_header(&self) -> bool {
        matches!(self, Self::Named("header", _) | Self::Constant("header", _))
    }

    pub(crate) fn is_an_argument(&self) -> bool {
        matches!(self, Self::Arguments)
    }

    /// Whether both name the same place in every request.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Named("body", one), Self::Named("body", other)) => {
                pointer::segments(&one.value()) == pointer::segments(&other.value())
            }
            (Self::Named(part, one), Self::Named(same, other)) => {
                part == same && one.value() == other.value()
            }
            (Self::Constant(part, one), Self::Constant(same, other)) => {
                part == same && one == other
            }
            _ => false,
        }
    }

    pub(super) fn tokens(&self) -> TokenStream {
        let (part, name) = match self {
            Self::Named(part, name) => (part, name.to_token_stream()),
            Self::Constant(part, path) => (part, path.to_token_stream()),
            Self::Arguments => return quote!(__idempotent::KeySource::Arguments),
        };
        match *part {
            "header" => quote!(__idempotent::KeySource::Header(#name)),
            "body" => quote!(__idempotent::KeySource::Body(#name)),
            "query" => quote!(__idempotent::KeySource::Query(#name)),
            _ => quote!(__idempotent::KeySource::Path(#name)),
        }
    }
}

/// The place with the name in the parentheses. `part` is one of [`PARTS`].
pub(super) fn named(
    part: &'static str,
    arguments: &Arguments,
    before: &str,
    errors: &mut Errors,
) -> Option<Place> {
    if let Some(constant) = constant(arguments) {
        return Some(Place::Constant(part, constant));
    }
    let Ok(name) = syn::parse2::<LitStr>(arguments.tokens.clone()) else {
        let meant = meant(part, arguments, before);
        errors.at(
            arguments,
            format_args!("`{part}` takes one name in quotes"),
            format_args!("write `{meant}`"),
        );
        return None;
    };
    let text = name.value();
    if text.is_empty() {
        errors.at(
            &name,
            format_args!("`{part}` needs a name"),
            format_args!("write for example `{before}{}`", example(part)),
        );
        return None;
    }
    let name = match part {
        "header" => header(&name, &text, errors)?,
        "path" => path(name, &text, errors)?,
        "body" if text.starts_with('/') && !pointer::is_sound(&name, errors) => return None,
        _ => name,
    };
    Some(Place::Named(part, name))
}

/// A constant, by its path or its capitals.
fn constant(arguments: &Arguments) -> Option<Path> {
    let path = syn::parse2::<Path>(arguments.tokens.clone()).ok()?;
    let has_lower_case = |name: &Ident| name.to_string().contains(char::is_lowercase);
    let last = path.segments.last()?;
    let is_constant = path.segments.len() > 1 || !has_lower_case(&last.ident);
    (is_constant && last.arguments.is_none()).then_some(path)
}

/// Several names become a list of places, and a name without quotes gets them.
fn meant(part: &str, arguments: &Arguments, before: &str) -> String {
    let names = Punctuated::<LitStr, Token![,]>::parse_terminated;
    if let Ok(names) = names.parse2(arguments.tokens.clone())
        && names.len() > 1
    {
        let place = |name: &LitStr| format!("{part}({})", name.token());
        let places = names.iter().map(place).collect::<Vec<_>>().join(", ");
        return match before {
            "" => places,
            _ => format!("{before}[{places}]"),
        };
    }
    let mut bare: String = arguments.tokens.to_string();
    bare.retain(|letter| !letter.is_whitespace());
    if part == "header" {
        bare = bare.replace('_', "-");
    }
    if bare.is_empty() || !bare.chars().all(is_in_a_name) {
        return format!("{before}{}", example(part));
    }
    format!("{before}{part}(\"{bare}\")")
}

fn is_in_a_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '-' || letter == '_'
}

pub(super) fn example(part: &str) -> &'static str {
    match part {
        "header" => "header(\"Idempotency-Key\")",
        "body" => "body(\"request_id\")",
        "query" => "query(\"request_id\")",
        _ => "path(\"request_id\")",
    }
}

/// A header's name in lower case, as the runtime compares it.
fn header(name: &LitStr, text: &str, errors: &mut Errors) -> Option<LitStr> {
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
    Some(LitStr::new(&text.to_ascii_lowercase(), name.span()))
}

fn path(name: LitStr, text: &str, errors: &mut Errors) -> Option<LitStr> {
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
    Some(name)
}
