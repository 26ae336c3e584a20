//! The response is a bare `Response`, which might never end.
use axum::response::Response;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(body: String) -> Response {
    Response::new(body.into())
}

fn main() {}
