//! The response is a number.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(_body: String) -> u64 {
    5
}

fn main() {}
