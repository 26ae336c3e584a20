//! The error is a type of the application that is no `Replay`.
use axum::response::{IntoResponse, Response};
use idempotent_runtime::axum::idempotent;

struct ApiError;

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        Response::default()
    }
}

#[idempotent(scope = global)]
async fn create(body: String) -> Result<String, ApiError> {
    if body.is_empty() { Err(ApiError) } else { Ok(body) }
}

fn main() {}
