//! Numbers: lengths, attempts and statuses, and ranges of them.

use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Lit, LitInt, RangeLimits, Token};

use super::value::{Arguments, List};
use crate::errors::Errors;

/// `1..=255`: from the fewest characters to the most.
pub(crate) fn lengths(
    word: &str,
    arguments: &Arguments,
    errors: &mut Errors,
) -> Option<(u16, u16)> {
    let Ok(expression) = syn::parse2::<Expr>(arguments.tokens.clone()) else {
        errors.at(
            arguments,
            format_args!("`{word}` takes a range of lengths"),
            format_args!("write for example `{word}(16..=128)`"),
        );
        return None;
    };
    let Some((first, last)) = ends(&expression) else {
        errors.at(
            &expression,
            "a range of lengths names the fewest and the most characters",
            meant_lengths(word, &expression),
        );
        return None;
    };
    match (first.base10_parse(), last.base10_parse()) {
        (Ok(0), _) => errors.at(first, "an empty key is never valid", "begin at 1"),
        (Ok(min), Ok(max)) if min <= max => return Some((min, max)),
        (Ok(_), Ok(_)) => errors.at(
            &expression,
            "this range is empty: the fewest characters are more than the most",
            format_args!("write `{word}({last}..={first})`"),
        ),
        (min, _) => errors.at(
            if min.is_err() { first } else { last },
            "a length is a whole number up to 65535",
            format_args!("write for example `{word}(16..=128)`"),
        ),
    }
    None
}

/// The closed range that something else was probably meant to be.
fn meant_lengths(word: &str, expression: &Expr) -> String {
    if let Some(only) = number(expression) {
        return format!("write `{word}({only}..={only})`");
    }
    match suggestion(expression) {
        Some(range) => format!("write `{word}({range})`"),
        None => format!("write for example `{word}(16..=128)`"),
    }
}

/// The largest limit on abandoned attempts, far beyond a useful one.
const MOST_ATTEMPTS: u32 = 65_535;

/// `3`: how many attempts may be abandoned.
pub(crate) fn attempts(arguments: &Arguments, errors: &mut Errors) -> Option<u32> {
    let Ok(number) = syn::parse2::<LitInt>(arguments.tokens.clone()) else {
        errors.at(
            arguments,
            "`rerun` takes the number of attempts that may be abandoned",
            "write for example `rerun(3)`",
        );
        return None;
    };
    match number.base10_parse() {
        Ok(0) => errors.at(
            &number,
            "attempts count from 1: the first one always runs",
            "write `abandoned = refuse` if no retry may run again, or for example `rerun(3)`",
        ),
        Ok(attempts) if attempts <= MOST_ATTEMPTS && number.suffix().is_empty() => {
            return Some(attempts);
        }
        _ => errors.at(
            &number,
            format_args!("not a number of attempts from 1 to {MOST_ATTEMPTS}"),
            "write for example `rerun(3)`, or `rerun` without a limit",
        ),
    }
    None
}

/// `429, 502..=504`: the statuses of a list.
pub(crate) fn statuses(list: &List, errors: &mut Errors) -> Option<Vec<(u16, u16)>> {
    let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
    let Ok(items) = parser.parse2(list.tokens.clone()) else {
        errors.at(
            list,
            "`release` takes statuses and ranges of statuses",
            "write for example `release = [429, 502..=504]`",
        );
        return None;
    };
    if items.is_empty() {
        errors.at(
            list,
            "an empty list releases no key",
            "write `release = never`, or name a status",
        );
        return None;
    }
    let ranges: Vec<_> = items.iter().map(|item| statuses_of(item, errors)).collect();
    ranges.into_iter().collect()
}

fn statuses_of(item: &Expr, errors: &mut Errors) -> Option<(u16, u16)> {
    if let Some(only) = number(item) {
        if let Some(class) = class(only) {
            errors.at(
                only,
                "a class of statuses is written as a range",
                format_args!("write {}", meant_class(class, "", "")),
            );
            return None;
        }
        return final_status(only, errors).map(|status| (status, status));
    }
    let Some((first, last)) = ends(item) else {
        let help = suggestion(item).map_or_else(
            || "write for example `429` or `502..=504`".to_owned(),
            |range| format!("write `{range}`"),
        );
        errors.at(item, "this is neither a status nor a range of them", help);
        return None;
    };
    let (min, max) = (final_status(first, errors), final_status(last, errors));
    let (min, max) = (min?, max?);
    if min > max {
        errors.at(
            item,
            "this range is empty: its first status is after its last",
            format_args!("write `{max}..={min}`"),
        );
        return None;
    }
    Some((min, max))
}

/// The 5 of `5xx`.
pub(crate) fn class(number: &LitInt) -> Option<u8> {
    let class = number.base10_parse().ok()?;
    (number.suffix() == "xx" && (2..=5).contains(&class)).then_some(class)
}

/// What to write instead of a class. A 500 doesn't say what was done, so the message never suggests releasing it.
pub(crate) fn meant_class(class: u8, before: &str, behind: &str) -> String {
    match class {
        5 => format!(
            "`{before}503{behind}` or `{before}502..=504{behind}`, with which a handler can say that nothing was done: a 500 does not say so"
        ),
        _ => format!("`{before}{class}00..={class}99{behind}`"),
    }
}

/// The status that a literal was meant to be: it may be in quotes, or lack the list around it.
pub(crate) fn meant_status(literal: &Lit) -> Option<u16> {
    let status = match literal {
        Lit::Int(number) => number.base10_parse().ok()?,
        Lit::Str(text) => text.value().parse().ok()?,
        _ => return None,
    };
    (100..=599).contains(&status).then_some(status)
}

fn final_status(number: &LitInt, errors: &mut Errors) -> Option<u16> {
    status(
        number,
        200..=599,
        "a handler answers with a status from 200 to 599",
        errors,
    )
}

/// `reject(409)`: a refusal's status.
pub(crate) fn refusal(arguments: &Arguments, errors: &mut Errors) -> Option<u16> {
    let Ok(number) = syn::parse2::<LitInt>(arguments.tokens.clone()) else {
        let meant = syn::parse2::<Lit>(arguments.tokens.clone()).ok();
        let help = match meant.as_ref().and_then(meant_status) {
            Some(status) => format!("write `reject({status})`"),
            None => "write for example `reject(409)`".to_owned(),
        };
        errors.at(arguments, "`reject` takes one status", help);
        return None;
    };
    let what = "a client is refused with a 4xx status";
    status(&number, 400..=499, what, errors)
}

fn status(
    number: &LitInt,
    valid: std::ops::RangeInclusive<u16>,
    what: &str,
    errors: &mut Errors,
) -> Option<u16> {
    match number.base10_parse() {
        Ok(status) if number.suffix().is_empty() && valid.contains(&status) => Some(status),
        _ => {
            let (first, last) = (valid.start(), valid.end());
            errors.at(
                number,
                what,
                format_args!("write a number from {first} to {last}"),
            );
            None
        }
    }
}

/// Both ends of a closed range of numbers.
fn ends(expression: &Expr) -> Option<(&LitInt, &LitInt)> {
    match expression {
        Expr::Range(range) if matches!(range.limits, RangeLimits::Closed(_)) => Some((
            range.start.as_deref().and_then(number)?,
            range.end.as_deref().and_then(number)?,
        )),
        // An expression that came through `macro_rules!`.
        Expr::Group(group) => ends(&group.expr),
        _ => None,
    }
}

fn number(expression: &Expr) -> Option<&LitInt> {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => Some(number),
        Expr::Group(group) => self::number(&group.expr),
        _ => None,
    }
}

/// The closed range that a half-open one was probably meant to be.
fn suggestion(expression: &Expr) -> Option<String> {
    let Expr::Range(range) = expression else {
        return None;
    };
    let first = range.start.as_deref().and_then(number)?;
    let end: u16 = range.end.as_deref().and_then(number)?.base10_parse().ok()?;
    Some(format!("{first}..={}", end.checked_sub(1)?))
}
