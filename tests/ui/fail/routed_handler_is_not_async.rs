//! A routed handler is not async.
use axum::Router;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
fn create(body: String) -> String {
    body
}

fn app() -> Router {
    Router::new().route("/", post(create))
}

fn main() {}
