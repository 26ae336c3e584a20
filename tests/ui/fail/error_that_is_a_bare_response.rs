//! The error is a bare `Response`.
use axum::response::Response;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(body: String) -> Result<String, Response> {
    Ok(body)
}

fn main() {}
