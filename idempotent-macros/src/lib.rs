//! The attribute `#[idempotent]` and the derive `ScopeKey`.
//!
//! Depend on `idempotent-runtime`, which offers both, as `idempotent_runtime::axum::idempotent` and
//! `idempotent_runtime::ScopeKey`: the code that they generate names private items of that crate.

mod arguments_in_scope;
mod derive_scope_key;
mod errors;
mod expand;
mod fallback;
mod function;
mod grammar;
mod options;
mod signature;
#[cfg(test)]
mod tests;
mod validate;

use proc_macro::TokenStream;

use self::grammar::spec::Door;

/// Runs an axum handler at most once per idempotency key, and gives every retry the recorded outcome.
///
/// ```text
/// use idempotent_runtime::axum::idempotent;
///
/// #[idempotent(key = header("X-Idempotency-Key"), scope = org, ttl = "24h")]
/// async fn create_task(State(app): State<App>, org: OrgId, Json(task): Json<NewTask>)
///     -> Result<(StatusCode, Json<Task>), ApiError> { … }
///
/// let app = Router::new()
///     .route("/tasks", post(create_task))
///     .layer(Idempotency::new(store))
///     .with_state(app);
/// ```
///
/// # Options
///
/// `scope` must be named; the others answer "what if".
///
#[doc = include_str!("options.axum.md")]
///
/// Durations are texts of numbers with units, such as `"30s"`, `"15m"` or `"7d 12h"`: `ms`, `s`, `m`, `h`, `d`, and
/// whatever else `humantime` reads. They are whole milliseconds, one or more. Statuses are numbers.
///
/// An expression over arguments sees them by reference, through their own patterns: with
/// `State(App { tenant, .. }): State<App>`, `tenant` is a name. It can neither fail nor wait, so `?`, `.await` and
/// `return` are refused; an extractor of its own is the place for that.
///
/// `on_replay` is given the recorded outcome, a `Saved`, and says as an `OnReplay` what becomes of the retry: it gets that
/// outcome, or another answer, or the record is forgotten and the handler runs. A closure sees the arguments by reference
/// too, so those that it names must be `Sync`; in it `?`, `.await` and `return` are as everywhere.
///
/// ```text
/// #[idempotent(scope = org, on_replay = |saved| async move {
///     match saved.json::<Task>() {
///         Ok(task) if app.exists(task.id).await => OnReplay::Replay,
///         _ => OnReplay::answer(StatusCode::NOT_FOUND),
///     }
/// })]
/// ```
///
/// Not available yet, and refused by name: `abandoned = reconcile(…)`, `transaction` and `store`.
///
/// # The handler
///
/// An `async fn` without a receiver, of at most sixteen arguments. It may be generic. Of its other attributes, doc
/// comments, `#[cfg]`, `#[deprecated]`, `#[must_use]` and lint levels stay where callers see them; any other, such as
/// `#[tracing::instrument]`, goes on the function within, whose body is the handler's. What routes to the handler or
/// describes its route must stand above `#[idempotent]`. `#[axum::debug_handler]` may stand on either side; where there
/// are no arguments, below.
///
/// A handler that names `Self` becomes a closure, which takes no attributes and has no `impl Trait`, neither as an
/// argument nor in what it returns. In an `impl` with type parameters a handler that names one of them must name `Self`
/// too.
///
/// The handler is called through its router from now on. Test it with `tower::ServiceExt::oneshot`.
///
/// # Errors
///
/// Every mistake is an error at compile time under the token that is wrong, and all mistakes are told at once: options
/// that are unknown, repeated, contradictory or out of range, no scope, a scope or key that names no argument, a handler
/// that cannot be one. The function itself is still there, so nothing else in the file breaks.
///
/// Types are judged by the compiler, under the type: a response that cannot be replayed, a scope that is not a
/// `ScopeKey`, a future that is not `Send`. A shared policy that contradicts an option does not compile either. What is
/// not an extractor, or reads the body before the last argument, is told by axum where the handler is routed, and in words
/// for people by `#[axum::debug_handler]`.
///
/// # A second look
///
/// One policy is legal and contradicts itself, and the compiler warns of it: `abandoned = refuse` with
/// `release = failures`, under which a retry runs again after a 500 of unknown effect, but not after a crash.
/// `#[allow(deprecated)]` on the handler says that it is meant.
///
/// Others are only worth knowing, and nothing nags about them:
///
/// | policy | what it means |
/// |---|---|
/// | `scope = global` | two tenants who send the same key share a record, and one is given the other's answer, unless the fingerprint tells their requests apart |
/// | `fingerprint = none` | another body under a used key gets the first one's outcome; `mismatch` then judges method, path and query alone |
/// | `release = failures` | a 500 after the work was done makes the retry do it again |
/// | `missing = unprotected` | a client that forgets the header is not protected, and is not told |
/// | a short `ttl` | a client that retries after it runs the handler again: take the longest time over which clients retry |
/// | `pending = provisional(…)` | until the handler calls `Attempt::publish`, duplicates wait in vain |
/// | `policy = …` | what is said above of two options holds where one of them stands in the policy, and no warning tells of it |
#[proc_macro_attribute]
pub fn axum(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::protect(Door::Axum, options.into(), &item.into()).into()
}

/// Runs an actix-web handler at most once per idempotency key, and gives every retry the recorded outcome.
#[proc_macro_attribute]
pub fn actix(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::protect(Door::Actix, options.into(), &item.into()).into()
}

/// Runs any async function at most once per idempotency key, and gives every duplicate's caller the recorded value.
#[proc_macro_attribute]
pub fn task(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::protect(Door::Task, options.into(), &item.into()).into()
}

/// Makes a newtype a scope: it is written as its one field is.
///
/// ```text
/// #[derive(ScopeKey)]
/// struct OrgId(Uuid);
///
/// #[derive(ScopeKey)]
/// struct Account { number: String }
/// ```
///
/// The struct may have type parameters; the field's type must be a `ScopeKey` for them.
///
/// # Options
///
/// `#[scope_key(crate = path::to::idempotent_runtime)]`: where the runtime is, if not at `::idempotent_runtime`.
///
/// # Errors
///
/// A struct without a field names nobody, and one of several fields has no one written form, so neither compiles; nor
/// does an enum or a union. Name several parts as a tuple, `scope = (org, user)`, or implement `ScopeKey` by hand.
#[proc_macro_derive(ScopeKey, attributes(scope_key))]
pub fn scope_key(item: TokenStream) -> TokenStream {
    derive_scope_key::derive(item.into()).into()
}
