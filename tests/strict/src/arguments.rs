//! Every number and kind of argument.

use core::fmt::Display;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, Version};
use axum::{Json, Router, routing};
use idempotent_runtime::axum::{Attempt, idempotent};

/// The state.
#[derive(Clone, Debug)]
pub struct App {
    /// The tenant.
    pub tenant: String,
    /// The limits.
    pub limits: (u32, u32),
}

/// Takes nothing.
#[idempotent(scope = global)]
pub async fn none() {}

/// Takes one thing.
#[idempotent(scope = body)]
pub async fn one(body: String) -> String {
    body
}

/// Takes things apart.
#[idempotent(scope = (tenant, org), key = task)]
pub async fn patterns(
    State(App {
        tenant,
        limits: (low, _),
    }): State<App>,
    Path((org, _, mut count)): Path<(u64, u64, u64)>,
    _: Method,
    attempt: Attempt,
    Json(task): Json<String>,
) -> (StatusCode, String) {
    count = count.saturating_add(low.into());
    (
        StatusCode::CREATED,
        format!("{tenant} {org} {count} {task} {attempt:?}"),
    )
}

/// Uses none of its arguments but for the scope.
#[idempotent(scope = org)]
pub async fn unused(Extension(org): Extension<u64>, Json(_): Json<String>) {}

/// Takes what may be missing.
///
/// # Errors
///
/// If the body is no JSON.
#[idempotent(scope = uri.path())]
pub async fn optional(
    uri: Uri,
    org: Option<Extension<u64>>,
    body: Result<Json<String>, JsonRejection>,
) -> Result<String, JsonRejection> {
    body.map(|Json(text)| if org.is_some() { text } else { String::new() })
}

/// Takes as much as axum allows for.
#[idempotent(scope = last)]
#[expect(clippy::too_many_arguments, reason = "as many as axum takes")]
pub async fn sixteen(
    _: Method,
    _: Method,
    _: Uri,
    _: Uri,
    _: Version,
    _: Version,
    _: HeaderMap,
    _: HeaderMap,
    _: Method,
    _: Method,
    _: Uri,
    _: Uri,
    _: Version,
    _: Version,
    _: HeaderMap,
    last: String,
) -> String {
    last
}

/// Takes what its parameters say.
#[idempotent(scope = owner.to_string())]
pub async fn generic<O, const COUNT: usize>(
    Extension(owner): Extension<O>,
    Json(items): Json<Vec<u8>>,
) -> String
where
    O: Display + Clone + Send + Sync + 'static,
{
    format!("{owner} {}", items.len().min(COUNT))
}

/// Lends its lifetimes.
#[idempotent(scope = name)]
pub async fn lifetimes<'name>(
    State(name): State<&'name str>,
    Extension(other): Extension<&'name str>,
) -> String {
    [name, other].concat()
}

/// Elides its lifetimes.
#[idempotent(scope = name)]
pub async fn elided(State(name): State<&str>) -> String {
    name.to_owned()
}

/// Routes to them.
pub fn app() -> Router<App> {
    Router::new()
        .route("/a", routing::post(none))
        .route("/b", routing::post(one))
        .route("/c/{org}/{a}/{b}", routing::post(patterns))
        .route("/d", routing::post(unused))
        .route("/e", routing::post(optional))
        .route("/f", routing::post(sixteen))
        .route("/g", routing::post(generic::<String, 7>))
}

/// Routes to what borrows its state.
pub fn borrowing() -> Router<&'static str> {
    Router::new()
        .route("/a", routing::post(lifetimes))
        .route("/b", routing::post(elided))
}
