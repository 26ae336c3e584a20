//! The response is an `Option`.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(body: String) -> Option<String> {
    Some(body)
}

fn main() {}
