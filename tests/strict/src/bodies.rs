//! Bodies and attributes of every kind.

use axum::extract::Extension;
use axum::http::StatusCode;
use axum::{Json, Router, routing};
use idempotent_runtime::axum::idempotent;
use tracing::instrument;

/// Is instrumented within.
///
/// # Errors
///
/// If there is no body.
#[idempotent(scope = org)]
#[instrument(skip(body), fields(length = body.len()), err)]
pub async fn instrumented(
    Extension(org): Extension<u64>,
    body: String,
) -> Result<String, StatusCode> {
    if body.is_empty() {
        return Err(StatusCode::BAD_REQUEST);
    }
    Ok(body)
}

/// Is instrumented without.
#[instrument(skip_all)]
#[idempotent(scope = org)]
pub async fn instrumented_above(Extension(org): Extension<u64>, body: String) -> String {
    body
}

/// Waits for several things.
#[idempotent(scope = body)]
pub async fn waits(body: String) -> Json<usize> {
    let length = async { body.len() };
    let mut sum = length.await;
    for line in body.lines() {
        sum = sum.saturating_add(line.len());
    }
    Json(sum)
}

/// Is old.
#[deprecated = "use `waits`"]
#[idempotent(scope = body)]
pub async fn old(body: String) -> String {
    body
}

/// Must be used.
#[must_use = "routes are for using"]
#[idempotent(scope = global)]
#[inline]
pub async fn used() -> StatusCode {
    StatusCode::OK
}

/// Routes to them.
pub fn app() -> Router {
    /// Is known here alone.
    #[idempotent(scope = body)]
    async fn local(body: String) -> String {
        body
    }

    Router::new()
        .route("/a", routing::post(instrumented))
        .route("/b", routing::post(instrumented_above))
        .route("/d", routing::post(waits))
        .route("/e", routing::post(used))
        .route("/f", routing::post(local))
}
