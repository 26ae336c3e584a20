//! The places in a request that `key` can name.

use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{LitStr, Token};

use crate::errors::Errors;
use crate::options::Arguments;
use crate::validate::pointer;

/// Where the key is.
#[derive(Debug)]
pub(crate) enum KeySource {
    Header(LitStr),
    Body(LitStr),
    Query(LitStr),
    Path(LitStr),
    Arguments,
    /// Two or more of the others.
    FirstOf(Vec<KeySource>),
}

pub(super) const SOURCES: [&str; 4] = ["header", "body", "query", "path"];

impl KeySource {
    /// Whether both name the same place in every request.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Header(one), Self::Header(other))
            | (Self::Query(one), Self::Query(other))
            | (Self::Path(one), Self::Path(other)) => one.value() == other.value(),
            (Self::Body(one), Self::Body(other)) => {
                pointer::segments(&one.value()) == pointer::segments(&other.value())
            }
            _ => false,
        }
    }
}

/// A place that is well known by now, and in its parentheses a name.
pub(super) fn source(
    source: &str,
    arguments: &Arguments,
    before: &str,
    errors: &mut Errors,
) -> Option<KeySource> {
    let Ok(name) = syn::parse2::<LitStr>(arguments.tokens.clone()) else {
        let meant = meant(source, arguments, before);
        errors.at(
            arguments,
            format_args!("`{source}` takes one name in quotes"),
            format_args!("write `{meant}`"),
        );
        return None;
    };
    let text = name.value();
    if text.is_empty() {
        errors.at(
            &name,
            format_args!("`{source}` needs a name"),
            format_args!("write for example `{before}{}`", example(source)),
        );
        return None;
    }
    match source {
        "header" => header(&name, &text, errors),
        "body" if text.starts_with('/') => {
            pointer::is_sound(&name, errors).then_some(KeySource::Body(name))
        }
        "body" => Some(KeySource::Body(name)),
        "query" => Some(KeySource::Query(name)),
        _ => path(name, &text, errors),
    }
}

/// For several names a list of places, and for a name without quotes the same in quotes.
fn meant(source: &str, arguments: &Arguments, before: &str) -> String {
    let names = Punctuated::<LitStr, Token![,]>::parse_terminated;
    if let Ok(names) = names.parse2(arguments.tokens.clone())
        && names.len() > 1
    {
        let place = |name: &LitStr| format!("{source}({})", name.token());
        let places = names.iter().map(place).collect::<Vec<_>>().join(", ");
        return match before {
            "" => places,
            _ => format!("{before}[{places}]"),
        };
    }
    let mut bare: String = arguments.tokens.to_string();
    bare.retain(|letter| !letter.is_whitespace());
    if source == "header" {
        bare = bare.replace('_', "-");
    }
    if bare.is_empty() || !bare.chars().all(is_in_a_name) {
        return format!("{before}{}", example(source));
    }
    format!("{before}{source}(\"{bare}\")")
}

fn is_in_a_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '-' || letter == '_'
}

pub(super) fn example(source: &str) -> &'static str {
    match source {
        "header" => "header(\"Idempotency-Key\")",
        "body" => "body(\"request_id\")",
        "query" => "query(\"request_id\")",
        _ => "path(\"request_id\")",
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
