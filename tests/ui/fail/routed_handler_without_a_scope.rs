//! A routed handler has no scope.
use axum::Router;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

#[idempotent(ttl = "24h")]
async fn create(body: String) -> String {
    body
}

fn app() -> Router {
    Router::new().route("/", post(create))
}

fn main() {}
