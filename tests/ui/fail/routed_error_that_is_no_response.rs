//! A routed handler's error isn't a response.
use axum::Router;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

struct ApiError;

#[idempotent(scope = global)]
async fn create(body: String) -> Result<String, ApiError> {
    if body.is_empty() { Err(ApiError) } else { Ok(body) }
}

fn app() -> Router {
    Router::new().route("/", post(create))
}

fn main() {}
