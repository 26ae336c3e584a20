//! A response that might never end.
use idempotent_runtime::axum::idempotent;

use axum::response::Response;

#[idempotent(scope = global)]
async fn create(body: String) -> Response {
    Response::new(body.into())
}

fn main() {}
