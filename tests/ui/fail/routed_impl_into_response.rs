//! A routed handler answers with an `impl IntoResponse`.
use axum::Router;
use axum::response::IntoResponse;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(body: String) -> impl IntoResponse {
    body
}

fn app() -> Router {
    Router::new().route("/", post(create))
}

fn main() {}
