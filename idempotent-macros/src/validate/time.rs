//! Durations: how long an outcome is kept, a claim holds, an attempt may run.

use std::time::Duration;

use quote::ToTokens;
use syn::{Lit, LitStr};

use super::choice::{Choice, choose};
use crate::errors::Errors;
use crate::options::{Arguments, Given, Value};

/// How long an outcome is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ttl {
    Millis(u64),
    Forever,
}

/// The runtime's defaults, against which one of the two is judged where the other is left out.
const LEASE: u64 = 30_000;
const DEADLINE: u64 = 15 * 60_000;

pub(super) fn ttl(option: &Given<Value>, errors: &mut Errors) -> Option<Ttl> {
    if matches!(&option.value, Value::Literal(Lit::Str(text)) if text.value() == "forever") {
        errors.at(
            &option.value,
            "`forever` is no duration",
            "write `ttl = forever` without quotes",
        );
        return None;
    }
    if matches!(option.value, Value::Literal(_)) {
        let longest = "write a shorter time, or `ttl = forever`";
        return set(option, "\"24h\"", longest, errors).map(Ttl::Millis);
    }
    let or = ", or a duration, such as `\"24h\"`";
    choose(option, &[Choice::word("forever")], or, errors).map(|_| Ttl::Forever)
}

/// The lease and the deadline, in milliseconds. A lease that outlasts the deadline is a mistake, unless a shared policy
/// may have set the other of the two: the runtime judges that one while it compiles.
pub(super) fn lease_and_deadline(
    lease: Option<&Given<Value>>,
    deadline: Option<&Given<Value>>,
    shared_policy: bool,
    errors: &mut Errors,
) -> (Option<u64>, Option<u64>) {
    let longest = "write a shorter time";
    let lease_millis = lease.and_then(|option| set(option, "\"30s\"", longest, errors));
    let deadline_millis = deadline.and_then(|option| set(option, "\"15m\"", longest, errors));

    let failed = lease.is_some() != lease_millis.is_some()
        || deadline.is_some() != deadline_millis.is_some();
    let one_is_unknown = shared_policy && (lease.is_none() || deadline.is_none());
    let lease_at_most = deadline_millis.unwrap_or(DEADLINE);
    if failed || one_is_unknown || lease_millis.unwrap_or(LEASE) <= lease_at_most {
        return (lease_millis, deadline_millis);
    }
    if let Some(lease) = lease {
        let by_default = if deadline.is_some() {
            ""
        } else {
            ", 15m by default"
        };
        errors.at(
            &lease.value,
            format_args!("the lease is longer than the deadline{by_default}"),
            "write a shorter lease or a longer `deadline`: an attempt is over at its deadline",
        );
    } else if let Some(deadline) = deadline {
        errors.at(
            &deadline.value,
            "the deadline is shorter than the lease, 30s by default",
            "write a longer deadline or a shorter `lease`: an attempt is over at its deadline",
        );
    }
    (lease_millis, deadline_millis)
}

/// `wait("5s")`: how long a retry waits for the attempt that runs. Nobody need wait for longer than that may take.
pub(super) fn wait(
    word: &str,
    arguments: &Arguments,
    deadline: Option<Deadline>,
    errors: &mut Errors,
) -> Option<u64> {
    let asked = Asked {
        name: word,
        example: "\"5s\"",
        written: format!("pending = {word}(\"5s\")"),
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
    let millis = millis(&text, &asked, errors)?;
    if let Some(deadline) = deadline
        && deadline.millis < millis
    {
        let by_default = if deadline.is_default {
            ", 15m by default"
        } else {
            ""
        };
        errors.at(
            &text,
            format_args!("this is longer than the deadline{by_default}"),
            "write a shorter time or a longer `deadline`: an attempt is over at its deadline",
        );
        return None;
    }
    Some(millis)
}

/// The longest that an attempt may run, as far as the attribute knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    millis: u64,
    is_default: bool,
}

impl Deadline {
    /// `millis`: what was found in `option`, unless that is a mistake.
    pub(super) fn known(
        option: Option<&Given<Value>>,
        millis: Option<u64>,
        shared_policy: bool,
    ) -> Option<Self> {
        match (option, millis) {
            (Some(_), millis) => millis.map(|millis| Self {
                millis,
                is_default: false,
            }),
            (None, _) if shared_policy => None,
            (None, _) => Some(Self {
                millis: DEADLINE,
                is_default: true,
            }),
        }
    }
}

/// What a duration is asked for, and examples.
struct Asked<'a> {
    name: &'a str,
    /// A duration.
    example: &'a str,
    /// The same as it stands in the attribute.
    written: String,
    /// What to write instead of a duration that no store can count.
    longest: &'a str,
}

/// An option that is set to a duration.
fn set(option: &Given<Value>, example: &str, longest: &str, errors: &mut Errors) -> Option<u64> {
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

fn millis(text: &LitStr, asked: &Asked<'_>, errors: &mut Errors) -> Option<u64> {
    let duration = duration(text, asked, errors)?;
    let (name, written) = (asked.name, &asked.written);
    if duration.is_zero() {
        errors.at(
            text,
            format_args!("`{name}` cannot be zero"),
            format_args!("write for example `{written}`"),
        );
        return None;
    }
    if duration.subsec_nanos() % 1_000_000 != 0 {
        errors.at(
            text,
            "durations are whole milliseconds, one or more",
            format_args!("write for example `{written}`"),
        );
        return None;
    }
    let Ok(millis) = i64::try_from(duration.as_millis()) else {
        too_long(text, asked.longest, errors);
        return None;
    };
    Some(millis.unsigned_abs())
}

fn duration(text: &LitStr, asked: &Asked<'_>, errors: &mut Errors) -> Option<Duration> {
    use humantime::DurationError;
    match humantime::parse_duration(&text.value()) {
        Ok(duration) => return Some(duration),
        Err(DurationError::NumberOverflow) => too_long(text, asked.longest, errors),
        Err(DurationError::UnknownUnit { unit, value, .. }) => {
            let what = if unit.is_empty() {
                format!("`{value}` of what? The unit is missing")
            } else {
                format!("`{unit}` is no unit of time")
            };
            errors.at(text, what, units(asked.example));
        }
        Err(_) => errors.at(text, "this is no duration", units(asked.example)),
    }
    None
}

/// The longest duration in days: stores count milliseconds in 64 bits with a sign.
const LONGEST: &str = "106751991167d";

fn too_long(text: &LitStr, longest: &str, errors: &mut Errors) {
    errors.at(
        text,
        format_args!(
            "this is longer than the longest time that a store can count, `\"{LONGEST}\"`"
        ),
        longest,
    );
}

/// The duration that a literal was meant to be, if it is one but for the quotes.
pub(super) fn meant(literal: &Lit) -> Option<String> {
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
            let asked = Asked {
                name: "ttl",
                example: "",
                written: String::new(),
                longest: "",
            };
            let mut errors = Errors::new();
            let millis = millis(&text, &asked, &mut errors);
            assert_eq!(errors.finish().is_ok(), millis.is_some());
            millis
        };
        assert_eq!(millis(LONGEST), Some(106_751_991_167 * 24 * 60 * 60 * 1000));
        assert_eq!(millis("106751991168d"), None);
    }
}
