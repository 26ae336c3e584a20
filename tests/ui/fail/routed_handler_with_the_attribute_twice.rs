//! A routed handler has the attribute twice.
use axum::Router;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
#[idempotent(scope = global)]
async fn create(body: String) -> String {
    body
}

fn app() -> Router {
    Router::new().route("/", post(create))
}

fn main() {}
