//! The options that make up the policy.

use syn::{Expr, Lit, LitStr, Path, parse_quote};

use super::choice::{Choice, choose};
use super::key::{self, Key, KeyFormat};
use super::time::{self, Deadline, Ttl};
use super::{pointer, range};
use crate::errors::Errors;
use crate::options::{Given, Options, Value, ungrouped};

/// What a key is bound to beside its scope.
#[derive(Debug)]
pub(crate) enum Operation {
    Route,
    Path,
    Named(LitStr),
}

/// What of the body makes a request the same request.
#[derive(Debug)]
pub(crate) enum Fingerprint {
    Body,
    Json,
    Fields(Vec<LitStr>),
    Except(Vec<LitStr>),
    None,
}

/// What a request without a key gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Reject,
    Unprotected,
}

/// What another request under the same key gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    Reject(u16),
    Separate,
}

/// What a retry gets while the first attempt runs. Times are milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    Reject(u16),
    Wait(u64),
    Provisional(u64),
}

/// Which outcomes give the key back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    Statuses(Vec<(u16, u16)>),
    Failures,
    Never,
}

/// What a retry gets after an attempt ended without an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Abandoned {
    Rerun,
    /// Until this many attempts were abandoned.
    RerunUpTo(u32),
    Refuse,
}

/// What the attribute sets of the policy; the rest is as in the shared policy, or by default.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) key_format: Option<KeyFormat>,
    pub(crate) ttl: Option<Ttl>,
    pub(crate) operation: Option<Operation>,
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) missing: Option<Missing>,
    pub(crate) mismatch: Option<Mismatch>,
    pub(crate) pending: Option<Pending>,
    pub(crate) release: Option<Release>,
    pub(crate) abandoned: Option<Abandoned>,
    pub(crate) lease: Option<u64>,
    pub(crate) deadline: Option<u64>,
}

/// Statuses of refusals, where none is named.
const MISMATCH: u16 = 422;
const PENDING: u16 = 409;

pub(super) fn settings(options: &Options, errors: &mut Errors) -> (Option<Key>, Settings) {
    not_available(options, errors);
    let key = read(options.key.as_ref(), errors, key::key);
    let (lease, deadline) = time::lease_and_deadline(
        options.lease.as_ref(),
        options.deadline.as_ref(),
        options.policy.is_some(),
        errors,
    );
    let shared_policy = options.policy.is_some();
    let known = Deadline::known(options.deadline.as_ref(), deadline, shared_policy);
    let settings = Settings {
        key_format: read(options.key_format.as_ref(), errors, key::format),
        ttl: read(options.ttl.as_ref(), errors, time::ttl),
        operation: read(options.operation.as_ref(), errors, operation),
        fingerprint: read(options.fingerprint.as_ref(), errors, fingerprint),
        missing: read(options.missing.as_ref(), errors, missing),
        mismatch: read(options.mismatch.as_ref(), errors, mismatch),
        pending: read(options.pending.as_ref(), errors, |option, errors| {
            pending(option, known, errors)
        }),
        release: read(options.release.as_ref(), errors, release),
        abandoned: read(options.abandoned.as_ref(), errors, abandoned),
        lease,
        deadline,
    };
    (key, settings)
}

/// Reads an option that was given. What it returns is `None` too where it told a mistake.
fn read<T>(
    option: Option<&Given<Value>>,
    errors: &mut Errors,
    read: impl FnOnce(&Given<Value>, &mut Errors) -> Option<T>,
) -> Option<T> {
    option.and_then(|option| read(option, errors))
}

/// Whole options that this version does not do.
fn not_available(options: &Options, errors: &mut Errors) {
    if let Some(option) = &options.transaction {
        let help = "leave it out, and write `abandoned = refuse` where a second run would do harm";
        errors.not_yet(&option.keyword, "transaction", help);
    }
    if let Some(option) = &options.store {
        let help = "leave it out, and install an `Idempotency` as a layer of the router";
        errors.not_yet(&option.keyword, "store", help);
    }
}

pub(super) fn runtime(option: Option<&Given<Expr>>, errors: &mut Errors) -> Path {
    match option.map(|option| ungrouped(option.value.clone())) {
        Some(Expr::Path(path)) if path.qself.is_none() => path.path,
        Some(other) => {
            errors.at(
                other,
                "`crate` takes the path to the runtime, without quotes",
                "write for example `crate = crate::vendored::idempotent_runtime`",
            );
            default_runtime()
        }
        None => default_runtime(),
    }
}

fn default_runtime() -> Path {
    parse_quote!(::idempotent_runtime)
}

fn operation(option: &Given<Value>, errors: &mut Errors) -> Option<Operation> {
    if let Value::Literal(Lit::Str(name)) = &option.value {
        if name.value().is_empty() {
            errors.at(
                name,
                "an operation's name cannot be empty",
                "write a name, or `operation = route`",
            );
            return None;
        }
        return Some(Operation::Named(name.clone()));
    }
    let choices = [Choice::word("route"), Choice::word("path")];
    let or = match &option.value {
        Value::Word(name) if name.arguments.is_none() => {
            format!(", or a name in quotes, `operation = \"{}\"`", name.word)
        }
        _ => ", or a name in quotes".to_owned(),
    };
    let chosen = choose(option, &choices, &or, errors)?;
    Some(match chosen.word {
        "path" => Operation::Path,
        _ => Operation::Route,
    })
}

fn fingerprint(option: &Given<Value>, errors: &mut Errors) -> Option<Fingerprint> {
    let choices = [
        Choice::word("body"),
        Choice::word("json"),
        Choice::with("fields", "fields(\"/amount\")"),
        Choice::with("except", "except(\"/sent_at\")"),
        Choice::word("none"),
    ];
    let chosen = choose(option, &choices, "", errors)?;
    Some(match (chosen.word, chosen.arguments) {
        ("fields", Some(it)) => Fingerprint::Fields(pointer::list("fields", it, errors)?),
        ("except", Some(it)) => Fingerprint::Except(pointer::list("except", it, errors)?),
        ("json", _) => Fingerprint::Json,
        ("none", _) => Fingerprint::None,
        _ => Fingerprint::Body,
    })
}

fn missing(option: &Given<Value>, errors: &mut Errors) -> Option<Missing> {
    let choices = [Choice::word("reject"), Choice::word("unprotected")];
    let chosen = choose(option, &choices, "", errors)?;
    Some(match chosen.word {
        "unprotected" => Missing::Unprotected,
        _ => Missing::Reject,
    })
}

fn mismatch(option: &Given<Value>, errors: &mut Errors) -> Option<Mismatch> {
    let choices = [
        Choice::perhaps_with("reject", "reject(422)"),
        Choice::word("separate"),
    ];
    let chosen = choose(option, &choices, "", errors)?;
    Some(match (chosen.word, chosen.arguments) {
        ("separate", _) => Mismatch::Separate,
        (_, Some(status)) => Mismatch::Reject(range::refusal(status, errors)?),
        (_, None) => Mismatch::Reject(MISMATCH),
    })
}

fn pending(
    option: &Given<Value>,
    deadline: Option<Deadline>,
    errors: &mut Errors,
) -> Option<Pending> {
    let choices = [
        Choice::perhaps_with("reject", "reject(409)"),
        Choice::with("wait", "wait(\"5s\")"),
        Choice::with("provisional", "provisional(\"5s\")"),
    ];
    if let Value::Literal(time) = &option.value
        && let Some(written) = time::meant(time)
    {
        errors.at(
            time,
            "a time alone does not say what a retry gets",
            format_args!(
                "write `pending = wait(\"{written}\")` for the outcome, or `pending = provisional(\"{written}\")` for what is published meanwhile"
            ),
        );
        return None;
    }
    let chosen = choose(option, &choices, "", errors)?;
    Some(match (chosen.word, chosen.arguments) {
        ("wait", Some(it)) => Pending::Wait(time::wait("wait", it, deadline, errors)?),
        ("provisional", Some(it)) => {
            Pending::Provisional(time::wait("provisional", it, deadline, errors)?)
        }
        (_, Some(status)) => Pending::Reject(range::refusal(status, errors)?),
        (_, None) => Pending::Reject(PENDING),
    })
}

fn release(option: &Given<Value>, errors: &mut Errors) -> Option<Release> {
    if let Value::List(list) = &option.value {
        return range::statuses(list, errors).map(Release::Statuses);
    }
    if let Value::Literal(literal) = &option.value
        && let Some(status) = range::meant_status(literal)
    {
        errors.at(
            literal,
            "`release` takes a list of statuses",
            format_args!("write `release = [{status}]`"),
        );
        return None;
    }
    if let Value::Literal(Lit::Int(number)) = &option.value
        && let Some(class) = range::class(number)
    {
        errors.at(
            number,
            "`release` takes a list of statuses",
            format_args!("write {}", range::meant_class(class, "release = [", "]")),
        );
        return None;
    }
    let choices = [Choice::word("failures"), Choice::word("never")];
    let or = ", or a list of statuses, such as `[429, 502..=504]`";
    let chosen = choose(option, &choices, or, errors)?;
    Some(match chosen.word {
        "never" => Release::Never,
        _ => Release::Failures,
    })
}

fn abandoned(option: &Given<Value>, errors: &mut Errors) -> Option<Abandoned> {
    let choices = [
        Choice::perhaps_with("rerun", "rerun"),
        Choice::word("refuse"),
        Choice::not_yet(
            "reconcile",
            "write `abandoned = refuse` to answer 409 until somebody settles it",
        ),
    ];
    let chosen = choose(option, &choices, "", errors)?;
    Some(match (chosen.word, chosen.arguments) {
        ("refuse", _) => Abandoned::Refuse,
        (_, Some(attempts)) => Abandoned::RerunUpTo(range::attempts(attempts, errors)?),
        (_, None) => Abandoned::Rerun,
    })
}

/// Whether any response is buffered, rather than one whose type says how it is recorded.
pub(super) fn buffers(option: Option<&Given<Value>>, errors: &mut Errors) -> Option<bool> {
    let Some(option) = option else {
        return Some(false);
    };
    let choices = [Choice::word("typed"), Choice::word("buffer")];
    choose(option, &choices, "", errors).map(|chosen| chosen.word == "buffer")
}
