//! A routed handler's key names no argument.
use axum::Router;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = event.id)]
async fn create(body: String) -> String {
    body
}

fn app() -> Router {
    Router::new().route("/", post(create))
}

fn main() {}
