//! An error type without its line.
use idempotent_runtime::axum::idempotent;

use axum::response::{IntoResponse, Response};

struct ApiError;

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        Response::default()
    }
}

#[idempotent(scope = global)]
async fn create(body: String) -> Result<String, ApiError> {
    if body.is_empty() {
        Err(ApiError)
    } else {
        Ok(body)
    }
}

fn main() {}
