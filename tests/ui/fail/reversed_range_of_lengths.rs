//! A range of lengths is reversed.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key_format = any(255..=1))]
async fn create(body: String) -> String {
    body
}

fn main() {}
