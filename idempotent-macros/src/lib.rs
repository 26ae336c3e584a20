//! The attribute `#[idempotent]` and the derive `ScopeKey`.
//!
//! Depend on `idempotent-runtime`, which re-exports both as `idempotent_runtime::axum::idempotent` and
//! `idempotent_runtime::ScopeKey`. The generated code uses private items of that crate.

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
/// Durations are strings of numbers with units, such as `"30s"`, `"15m"` or `"7d 12h"`: `ms`, `s`, `m`, `h`, `d`, and
/// whatever else `humantime` reads. They are whole milliseconds, one or more. Statuses are numbers.
///
/// An expression over arguments sees them by reference, through their own patterns: with
/// `State(App { tenant, .. }): State<App>`, `tenant` is a name. It can neither fail nor wait, so `?`, `.await` and
/// `return` are refused; use an extractor for that.
///
/// `on_replay` takes the recorded outcome, a `Saved`, and returns an `OnReplay`, which decides about the retry: it gets that
/// outcome or another answer, or the record is forgotten and the handler runs. A closure sees the arguments by reference
/// too, so those that it names must be `Sync`. `?`, `.await` and `return` work in it as in any other.
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
/// Not available yet, and rejected by name: `abandoned = reconcile(…)`, `transaction` and `store`.
///
/// # The handler
///
/// An `async fn` without a receiver, of at most sixteen arguments. It may be generic. Of its other attributes, doc
/// comments, `#[cfg]`, `#[deprecated]`, `#[must_use]` and lint levels stay where callers see them; any other, such as
/// `#[tracing::instrument]`, goes on the function within, whose body is the handler's. What routes to the handler or
/// describes its route must be above `#[idempotent]`. `#[axum::debug_handler]` may be on either side; on a handler without
/// arguments, it must be below.
///
/// A handler that names `Self` becomes a closure, which takes no attributes and can have no `impl Trait`, neither as an
/// argument nor in its return type. So does one whose signature
/// names what looks like a type parameter of an `impl` around it: up to three capitals, such as `R` or `DB`. A handler that
/// names a parameter with a longer name must name `Self` too.
///
/// The annotated handler can only be called through its router. Test it with `tower::ServiceExt::oneshot`.
///
/// # Errors
///
/// Every mistake is an error at compile time under the token that is wrong, and all mistakes are reported at once: options
/// that are unknown, repeated, contradictory or out of range, a missing scope, a scope or key that names no argument, a
/// function that cannot be a handler. The function itself is still emitted, so nothing else in the file breaks.
///
/// The compiler judges types, and reports mistakes under the type: a response that cannot be replayed, a scope that is not
/// a `ScopeKey`, a future that is not `Send`. A shared policy that contradicts an option does not compile either. An
/// argument that is not an extractor, or that reads the body before the last one does, is reported by axum where the handler
/// is routed. `#[axum::debug_handler]` explains it better.
///
/// # Lints
///
/// One policy is legal but contradicts itself, and the compiler warns about it: `abandoned = refuse` with
/// `release = failures`. A retry then runs again after a 500 of unknown effect, but not after a crash. If you mean it, put
/// `#[allow(deprecated)]` on the handler.
///
/// The compiler doesn't warn about these, but know what they mean:
///
/// | policy | what it means |
/// |---|---|
/// | `scope = global` | two tenants who send the same key share a record, and one gets the other's response, unless the fingerprint tells their requests apart |
/// | `fingerprint = none` | another body under a used key gets the first one's outcome; `mismatch` then judges method, path and query alone |
/// | `release = failures` | a 500 after the work was done makes the retry do it again |
/// | `missing = unprotected` | a client that forgets the header is not protected, and never learns of it |
/// | a short `ttl` | a client that retries later runs the handler again: take the longest time over which clients retry |
/// | `pending = provisional(…)` | until the handler calls `Attempt::publish`, duplicates wait in vain |
/// | `policy = …` | an option that contradicts the policy as above means the same, but brings no warning |
#[proc_macro_attribute]
pub fn axum(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::protect(Door::Axum, options.into(), &item.into()).into()
}

/// Runs an actix-web handler at most once per idempotency key, and gives every retry the recorded outcome.
///
/// ```text
/// use idempotent_runtime::actix::idempotent;
///
/// #[post("/orgs/{org}/orders")]
/// #[idempotent(key = header("X-Idempotency-Key"), scope = org, ttl = "24h")]
/// async fn create_order(org: web::Path<OrgId>, order: web::Json<NewOrder>) -> Result<HttpResponse, ApiError> { … }
///
/// let app = App::new().app_data(Idempotency::new(store)).service(create_order);
/// ```
///
/// # Options
///
/// `scope` must be named; the others answer "what if".
///
#[doc = include_str!("options.actix.md")]
///
/// Durations, expressions over arguments and `on_replay` are as [on axum](macro@axum).
///
/// # The handler
///
/// An `async fn` without a receiver, of at most sixteen arguments, each of which implements `FromRequest`. It need not be
/// `Send`. A routing attribute, such as `#[post("/orders")]`, may stand above or below `#[idempotent]`. Where the other
/// attributes go is as on axum.
///
/// The handler is called through its application from now on. Test it with `actix_web::test`.
///
/// # Errors
///
/// Every mistake is an error at compile time under the token that is wrong, and all mistakes are reported at once.
#[proc_macro_attribute]
pub fn actix(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::protect(Door::Actix, options.into(), &item.into()).into()
}

/// Runs any async function at most once per idempotency key, and gives every duplicate's caller the recorded value, typed.
///
/// ```text
/// use idempotent_runtime::task::idempotent;
///
/// impl Worker {
///     #[idempotent(
///         key = event.id,
///         scope = event.tenant,
///         operation = "write receipt",
///         fingerprint = event.amount,
///         store = self.idempotency
///     )]
///     async fn write_receipt(&self, event: &Event) -> Result<Receipt, JobError> { … }
/// }
/// ```
///
/// # Options
///
/// No request says what a task is about, so `key`, `scope`, `operation`, `fingerprint` and `store` must be named.
///
#[doc = include_str!("options.task.md")]
///
/// Durations and expressions over arguments are as [on axum](macro@axum); an expression may name `self` as well.
///
/// # The function
///
/// An `async fn` or a function that returns a future, with or without a receiver: also a method of a trait, by itself or
/// below `#[async_trait]`. It keeps its signature and its attributes, so callers don't change, but for an argument of the
/// type `Attempt`, which is given by the attribute and not by callers.
///
/// It returns `T`, or `Result<T, E>`, where `T` implements `Serialize` and `DeserializeOwned`. `E`, or `T` where there is no
/// `Result`, implements `From<Rejection>`.
///
/// Another attribute that looks at the function's text, such as `#[tool]`, belongs below `#[idempotent]`.
///
/// # Errors
///
/// Every mistake is an error at compile time under the token that is wrong, and all mistakes are reported at once.
#[proc_macro_attribute]
pub fn task(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::protect(Door::Task, options.into(), &item.into()).into()
}

/// Implements `ScopeKey` for a newtype: its scope is written like its one field.
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
/// `#[scope_key(crate = path::to::idempotent_runtime)]`: the path to the runtime, if it is not `::idempotent_runtime`.
///
/// # Errors
///
/// A struct without fields names nobody, and a struct of several fields has no single written form, so neither compiles.
/// Enums and unions don't compile either. Name several parts as a tuple, `scope = (org, user)`, or implement `ScopeKey` by hand.
#[proc_macro_derive(ScopeKey, attributes(scope_key))]
pub fn scope_key(item: TokenStream) -> TokenStream {
    derive_scope_key::derive(item.into()).into()
}
