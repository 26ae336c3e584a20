//! An alias hides an error that is no `Replay`.
use idempotent_runtime::axum::idempotent;

struct ApiError;

type Answer<T> = Result<T, ApiError>;

#[idempotent(scope = global)]
async fn create(body: String) -> Answer<String> {
    Ok(body)
}

fn main() {}
