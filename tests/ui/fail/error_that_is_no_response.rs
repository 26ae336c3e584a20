//! An error type that is neither a response nor replayable.
use idempotent_runtime::axum::idempotent;

struct ApiError;

#[idempotent(scope = global)]
async fn create(body: String) -> Result<String, ApiError> {
    if body.is_empty() {
        Err(ApiError)
    } else {
        Ok(body)
    }
}

fn main() {}
