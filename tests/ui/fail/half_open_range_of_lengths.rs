//! A range of lengths has no last length.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key_format = any(1..255))]
async fn create(body: String) -> String {
    body
}

fn main() {}
