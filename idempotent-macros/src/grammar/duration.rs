//! Durations, such as `"24h"`.

use std::time::Duration;

use humantime::DurationError;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Lit, LitStr};

use super::spec::Given;
use super::value::{Arguments, Value};
use crate::errors::Errors;

/// A `Duration` of this many milliseconds.
pub(crate) fn tokens(millis: u64) -> TokenStream {
    quote!(__idempotent::millis(#millis))
}

/// The milliseconds of a value, if it is a valid duration. Reports nothing.
pub(crate) fn millis_of(value: &Value) -> Option<u64> {
    match value {
        Value::Literal(Lit::Str(text)) => read(text).ok(),
        _ => None,
    }
}

/// The milliseconds of a duration in parentheses, as in `wait("5s")`. Reports nothing.
pub(crate) fn millis_within(arguments: &Arguments) -> Option<u64> {
    let text: LitStr = syn::parse2(arguments.tokens.clone()).ok()?;
    read(&text).ok()
}

/// What asks for a duration, and how messages help.
struct Asked<'a> {
    name: &'a str,
    /// A duration.
    example: &'a str,
    /// The example with the option's name.
    written: String,
    /// What to write instead of a duration that no store can count.
    longest: &'a str,
}

/// The duration that an option is set to, in milliseconds.
pub(crate) fn set(
    option: &Given<Value>,
    example: &str,
    longest: &str,
    errors: &mut Errors,
) -> Option<u64> {
    let name = option.keyword.to_string();
    let asked = Asked {
        name: &name,
        example,
        written: format!("{name} = {example}"),
        longest,
    };
    let Value::Literal(Lit::Str(text)) = &option.value else {
        let help = match &option.value {
            Value::Literal(literal) => meant(literal),
            _ => None,
        };
        let help = match help {
            Some(text) => format!("write `{name} = \"{text}\"`"),
            None => format!("write a number and a unit, such as `{}`", asked.written),
        };
        errors.at(
            &option.value,
            format_args!("`{name}` takes a duration in quotes"),
            help,
        );
        return None;
    };
    millis(text, &asked, errors)
}

/// The duration in a word's parentheses, as in `wait("5s")`, in milliseconds.
pub(crate) fn within(
    option: &Given<Value>,
    word: &str,
    arguments: &Arguments,
    errors: &mut Errors,
) -> Option<u64> {
    let asked = Asked {
        name: word,
        example: "\"5s\"",
        written: format!("{} = {word}(\"5s\")", option.keyword),
        longest: "write a shorter time",
    };
    let Ok(text) = syn::parse2::<LitStr>(arguments.tokens.clone()) else {
        let meant = syn::parse2::<Lit>(arguments.tokens.clone()).ok();
        let help = match meant.as_ref().and_then(self::meant) {
            Some(text) => format!("write `{word}(\"{text}\")`"),
            None => format!("write a number and a unit, such as `{}`", asked.written),
        };
        errors.at(
            arguments,
            format_args!("`{word}` takes a duration in quotes"),
            help,
        );
        return None;
    };
    millis(&text, &asked, errors)
}

/// Why a text isn't a duration that can be kept.
enum Flaw {
    Malformed(DurationError),
    Zero,
    /// It isn't a whole number of milliseconds.
    TooFine,
    TooLong,
}

fn read(text: &LitStr) -> Result<u64, Flaw> {
    let duration: Duration =
        humantime::parse_duration(&text.value()).map_err(|error| match error {
            DurationError::NumberOverflow => Flaw::TooLong,
            other => Flaw::Malformed(other),
        })?;
    if duration.is_zero() {
        return Err(Flaw::Zero);
    }
    if !duration.subsec_nanos().is_multiple_of(1_000_000) {
        return Err(Flaw::TooFine);
    }
    match i64::try_from(duration.as_millis()) {
        Ok(millis) => Ok(millis.unsigned_abs()),
        Err(_) => Err(Flaw::TooLong),
    }
}

fn millis(text: &LitStr, asked: &Asked<'_>, errors: &mut Errors) -> Option<u64> {
    let flaw = match read(text) {
        Ok(millis) => return Some(millis),
        Err(flaw) => flaw,
    };
    let written = format!("write for example `{}`", asked.written);
    let (what, help) = match flaw {
        Flaw::Malformed(error) => (malformed(&error), units(asked.example)),
        Flaw::Zero => (format!("`{}` cannot be zero", asked.name), written),
        Flaw::TooFine => (
            "durations are whole milliseconds, one or more".to_owned(),
            written,
        ),
        Flaw::TooLong => (
            format!("this is longer than the longest time that a store can count, `\"{LONGEST}\"`"),
            asked.longest.to_owned(),
        ),
    };
    errors.at(text, what, help);
    None
}

fn malformed(error: &DurationError) -> String {
    match error {
        DurationError::UnknownUnit { unit, value, .. } if unit.is_empty() => {
            format!("`{value}` of what? The unit is missing")
        }
        DurationError::UnknownUnit { unit, .. } => format!("`{unit}` is not a unit of time"),
        _ => "this is not a valid duration".to_owned(),
    }
}

/// The longest duration in days: stores count milliseconds in 64 bits with a sign.
const LONGEST: &str = "106751991167d";

/// The duration that a literal was meant to be: it may lack quotes.
pub(crate) fn meant(literal: &Lit) -> Option<String> {
    let text = match literal {
        Lit::Str(text) => text.value(),
        other => other.to_token_stream().to_string(),
    };
    humantime::parse_duration(&text).is_ok().then_some(text)
}

fn units(example: &str) -> String {
    format!(
        "write numbers with the units `ms`, `s`, `m`, `h` or `d`, such as `{example}` or `\"1m 30s\"`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_duration_that_is_named_is_one_and_a_day_more_is_not() {
        let millis = |text: &str| {
            let text = LitStr::new(text, proc_macro2::Span::call_site());
            read(&text).ok()
        };
        assert_eq!(millis(LONGEST), Some(106_751_991_167 * 24 * 60 * 60 * 1000));
        assert_eq!(millis("106751991168d"), None);
    }
}
