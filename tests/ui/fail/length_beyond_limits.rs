//! A length is larger than any key may be.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key_format = any(1..=100000))]
async fn create(body: String) -> String {
    body
}

fn main() {}
