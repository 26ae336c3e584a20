//! The error is a type of the application that isn't a response at all.
use idempotent_runtime::axum::idempotent;

struct ApiError;

#[idempotent(scope = global)]
async fn create(body: String) -> Result<String, ApiError> {
    if body.is_empty() { Err(ApiError) } else { Ok(body) }
}

fn main() {}
