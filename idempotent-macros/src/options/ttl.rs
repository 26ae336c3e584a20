//! `ttl`: how long an outcome is kept.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Lit;

use crate::errors::Errors;
use crate::grammar::choice::{Choice, choose};
use crate::grammar::duration;
use crate::grammar::spec::{Door, Given, Row, Spec};
use crate::grammar::value::Value;

pub(super) const OPTION: Spec = Spec {
    name: "ttl",
    example: "ttl = \"24h\"",
    not_yet: None,
    rows: &[Row {
        doors: Door::EVERY,
        about: "how long an outcome is kept, counted from completion",
        values: "a duration, such as `\"7d 12h\"` · `forever`",
        default: "`\"24h\"`",
    }],
};

pub(super) fn tokens(option: &Given<Value>, errors: &mut Errors) -> Option<TokenStream> {
    if matches!(&option.value, Value::Literal(Lit::Str(text)) if text.value() == "forever") {
        errors.at(
            &option.value,
            "`forever` is not a duration",
            "write `ttl = forever` without quotes",
        );
        return None;
    }
    if matches!(option.value, Value::Literal(_)) {
        let longest = "write a shorter time, or `ttl = forever`";
        let millis = duration::tokens(duration::set(option, "\"24h\"", longest, errors)?);
        return Some(quote!(__idempotent::Ttl::after(#millis)));
    }
    let or = ", or a duration, such as `\"24h\"`";
    choose(option, &[Choice::word("forever")], or, errors)?;
    Some(quote!(__idempotent::Ttl::Forever))
}
