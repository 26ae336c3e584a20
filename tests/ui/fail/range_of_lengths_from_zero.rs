//! A range of lengths begins at zero.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key_format = any(0..=255))]
async fn create(body: String) -> String {
    body
}

fn main() {}
