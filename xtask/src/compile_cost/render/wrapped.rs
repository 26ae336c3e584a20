//! One handler in one of the three crates.

use std::fmt::Write as _;

use super::{Parts, Wrapping};
use crate::compile_cost::endpoints::{Endpoint, Operation, Options};

pub(super) fn handler(endpoint: &Endpoint, parts: &Parts, wrapping: Wrapping) -> String {
    match wrapping {
        Wrapping::Bare => format!("\n{}", plain(parts)),
        Wrapping::Annotated => {
            let options = attribute(&endpoint.options, parts.scope);
            format!("\n#[idempotent({options})]\n{}", plain(parts))
        }
        Wrapping::ByHand => by_hand(endpoint, parts),
    }
}

fn plain(parts: &Parts) -> String {
    let Parts {
        name,
        last,
        returns,
        body,
        ..
    } = parts;
    let arguments = arguments(parts, last);
    format!("pub async fn {name}({arguments}) -> {returns} {{\n{body}}}\n")
}

fn arguments(parts: &Parts, last: &[String; 2]) -> String {
    let arguments = parts.front.iter().chain([last]);
    let arguments: Vec<String> = arguments.map(|it| it.join(": ")).collect();
    arguments.join(", ")
}

/// The attribute's options.
fn attribute(options: &Options, scope: &[&str]) -> String {
    let scope = match scope {
        [] => "global".to_owned(),
        [one] => (*one).to_owned(),
        several => format!("({})", several.join(", ")),
    };
    let list = |statuses: &[u16]| format!("release = {statuses:?}");
    let others = [
        options
            .header
            .map(|name| format!("key = header(\"{name}\")")),
        options.ttl_hours.map(|hours| format!("ttl = \"{hours}h\"")),
        options
            .lease_seconds
            .map(|seconds| format!("lease = \"{seconds}s\"")),
        options
            .pending
            .map(|status| format!("pending = reject({status})")),
        options
            .mismatch
            .map(|status| format!("mismatch = reject({status})")),
        options.release.map(list),
        options.refuse.then(|| "abandoned = refuse".to_owned()),
    ];
    others
        .into_iter()
        .flatten()
        .fold(format!("scope = {scope}"), |text, option| {
            format!("{text}, {option}")
        })
}

/// A handler that hands its work to `protect`. One without a body of its own still has its request read.
fn by_hand(endpoint: &Endpoint, parts: &Parts) -> String {
    let Parts {
        name,
        last: [pattern, ty],
        returns,
        scope,
        body,
        ..
    } = parts;
    let arguments = if endpoint.operation == Operation::Step {
        let call = ["call".to_owned(), "Call".to_owned()];
        format!("{}, {}", arguments(parts, &parts.last), call.join(": "))
    } else {
        let keyed = [format!("Keyed(call, {pattern})"), format!("Keyed<{ty}>")];
        arguments(parts, &keyed)
    };
    let (options, scope) = (table(&endpoint.options), scope.join(", "));
    let body = body.lines().fold(String::new(), |mut body, line| {
        // Writing to a string does not fail.
        let _ = writeln!(body, "    {line}");
        body
    });
    format!(
        "\npub async fn {name}({arguments}) -> Response {{\n    static OPTIONS: Options = {options};\n\
         \x20   protect::<{returns}>(call, &OPTIONS, &[{scope}], async move {{\n{body}    }})\n    .await\n}}\n"
    )
}

/// The same options for the hand.
fn table(options: &Options) -> String {
    let others = [
        options.header.map(|name| format!("header: \"{name}\"")),
        options
            .ttl_hours
            .map(|hours| format!("ttl: Ttl::hours({hours})")),
        options
            .lease_seconds
            .map(|seconds| format!("lease: Duration::from_secs({seconds})")),
        options.pending.map(|status| format!("pending: {status}")),
        options.mismatch.map(|status| format!("mismatch: {status}")),
        options
            .release
            .map(|statuses| format!("release: &{statuses:?}")),
        options
            .refuse
            .then(|| "takeover: Takeover::Never".to_owned()),
    ];
    let others: Vec<String> = others.into_iter().flatten().collect();
    if others.is_empty() {
        return "Options::DEFAULT".to_owned();
    }
    format!("Options {{ {}, ..Options::DEFAULT }}", others.join(", "))
}
