//! A `Result` holds a bare `Response`.
use axum::http::StatusCode;
use axum::response::Response;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(body: String) -> Result<Response, StatusCode> {
    Ok(Response::new(body.into()))
}

fn main() {}
