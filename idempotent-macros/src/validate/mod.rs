//! From options as they were written to what the expansion takes. After this, nothing is left to decide.

mod lints;
mod shared;
mod task;

use proc_macro2::{Span, TokenStream};
use syn::Path;

pub(crate) use self::lints::Lint;
pub(crate) use self::shared::Shared;
pub(crate) use self::task::{Returns, Shape, Task, task};
use crate::arguments_in_scope::{ArgumentsInScope, Seen};
use crate::errors::Errors;
use crate::function::Function;
use crate::grammar::spec::Setter;
use crate::options::on_replay::OnReplay;
use crate::options::response::Reply;
use crate::options::{
    Options, key, key_format, lease, on_replay, pending, response, runtime, scope,
};
use crate::signature::{self, Handler};

/// An axum handler and everything that its attribute says, free of mistakes.
#[derive(Debug)]
pub(crate) struct Protected {
    pub(crate) runtime: Path,
    /// What the attribute sets of the policy; the rest is as in the shared policy, or by default.
    pub(crate) setters: Vec<Setter>,
    pub(crate) shared: Option<Shared>,
    pub(crate) key_expressions: Vec<Seen>,
    pub(crate) scope: Vec<Seen>,
    pub(crate) on_replay: Option<OnReplay>,
    pub(crate) reply: Reply,
    pub(crate) handler: Handler,
    pub(crate) lints: Vec<Lint>,
}

/// Judges everything, and reports all mistakes at once.
pub(crate) fn web(
    options: &Options,
    item: TokenStream,
    mut errors: Errors,
) -> syn::Result<Protected> {
    let function = Function::parse(item, &mut errors);
    options.not_available(&mut errors);
    let key = options
        .key
        .as_ref()
        .and_then(|option| key::key(option, &mut errors));
    let key_format = options
        .key_format
        .as_ref()
        .and_then(|option| key_format::tokens(option, &mut errors));
    let settings = options.setters(&mut errors);
    together(options, &mut errors);
    let shared = shared::shared(options, &mut errors);
    let runtime = runtime::path(options.runtime.as_ref(), &mut errors);
    let Some(function) = function else {
        errors.finish()?;
        return Err(syn::Error::new(Span::call_site(), "expected a function"));
    };
    let handler = signature::handler(options.door, function, &mut errors);
    let patterns = handler.arguments.iter().map(|argument| &argument.pattern);
    let arguments = ArgumentsInScope::new(&handler.sig.ident, patterns);
    let key = key.and_then(|key| key.resolve(&arguments, &mut errors));
    if let Some(key) = &key {
        key_format::fits(options.key_format.as_ref(), &key.places, &mut errors);
    }
    let on_replay = options
        .on_replay
        .as_ref()
        .and_then(|option| on_replay::on_replay(option, handler.form, &arguments, &mut errors));
    let scope = scope::scope(
        options.scope.as_ref(),
        options.scope_attempted,
        &handler,
        &arguments,
        &mut errors,
    );
    let reply = response::reply(options.response.as_ref(), &handler.sig, &mut errors);
    errors.finish()?;
    Ok(Protected {
        runtime,
        setters: setters(key.as_ref(), key_format, settings),
        shared,
        key_expressions: key.map(|key| key.expressions).unwrap_or_default(),
        scope,
        on_replay,
        reply,
        handler,
        lints: lints::lints(options),
    })
}

/// Judges options that are sound by themselves against each other.
fn together(options: &Options, errors: &mut Errors) {
    let (deadline, shared_policy) = (options.deadline.as_ref(), options.policy.is_some());
    lease::fits(options.lease.as_ref(), deadline, shared_policy, errors);
    pending::fits(options.pending.as_ref(), deadline, shared_policy, errors);
}

/// What the attribute sets of the policy, beginning with the key.
fn setters(
    key: Option<&key::Resolved>,
    key_format: Option<TokenStream>,
    others: Vec<Setter>,
) -> Vec<Setter> {
    let setter = |method, argument| Setter { method, argument };
    let key = key.map(|key| setter("key", key.tokens()));
    let key_format = key_format.map(|argument| setter("key_format", argument));
    key.into_iter().chain(key_format).chain(others).collect()
}
