//! Replies of every kind.

use core::convert::Infallible;

use axum::http::StatusCode;
use axum::http::header::{HeaderMap, HeaderName, LOCATION};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use futures_util::stream::{self, Stream};
use idempotent_runtime::axum::{Replay, idempotent};

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
pub struct ApiError;

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        StatusCode::BAD_GATEWAY.into_response()
    }
}

impl Replay for ApiError {}

/// What a handler returns.
type Reply<T> = Result<T, ApiError>;

/// Returns a result of a tuple.
///
/// # Errors
///
/// If there is no body.
#[idempotent(scope = body)]
pub async fn result(
    body: String,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<String>), ApiError> {
    if body.is_empty() {
        return Err(ApiError);
    }
    Ok((StatusCode::CREATED, [(LOCATION, body.clone())], Json(body)))
}

/// Returns a result by another name.
///
/// # Errors
///
/// Never.
#[idempotent(scope = body)]
pub async fn alias(body: String) -> Reply<String> {
    Ok(body)
}

/// Returns a tuple.
#[idempotent(scope = body)]
pub async fn tuple(body: String) -> (HeaderMap, String) {
    (HeaderMap::new(), body)
}

/// Returns a response.
#[idempotent(scope = global, response = buffer)]
pub async fn bare() -> Response {
    StatusCode::OK.into_response()
}

/// Returns some response.
#[idempotent(scope = global, response = buffer)]
pub async fn some(body: String) -> impl IntoResponse {
    (StatusCode::OK, body)
}

/// Returns some response, or why not.
///
/// # Errors
///
/// Never.
#[idempotent(scope = global, response = buffer)]
pub async fn some_or_error(body: String) -> Result<impl IntoResponse, ApiError> {
    Ok(body)
}

/// Returns events.
#[idempotent(scope = global, response = buffer)]
pub async fn events() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(stream::iter([Ok(Event::default().data("one"))]))
}

/// Routes to them.
pub fn app() -> Router {
    Router::new()
        .route("/a", routing::post(result))
        .route("/b", routing::post(alias))
        .route("/c", routing::post(tuple))
        .route("/d", routing::post(bare))
        .route("/e", routing::post(some))
        .route("/f", routing::post(some_or_error))
        .route("/g", routing::post(events))
}
