//! The key is a number.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = 5)]
async fn create(body: String) -> String {
    body
}

fn main() {}
