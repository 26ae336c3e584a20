//! The list of keys is empty.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = [])]
async fn create(body: String) -> String {
    body
}

fn main() {}
