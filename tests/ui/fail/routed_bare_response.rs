//! A routed handler answers with a bare `Response`.
use axum::Router;
use axum::response::Response;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(body: String) -> Response {
    Response::new(body.into())
}

fn app() -> Router {
    Router::new().route("/", post(create))
}

fn main() {}
