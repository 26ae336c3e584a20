//! A routed handler is `const`.
use axum::Router;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
const fn create(body: String) -> String {
    body
}

fn app() -> Router {
    Router::new().route("/", post(create))
}

fn main() {}
