//! A list of keys without any.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = [])]
async fn create(body: String) -> String {
    body
}

fn main() {}
