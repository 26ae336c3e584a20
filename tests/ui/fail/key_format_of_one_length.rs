//! A range of lengths is one number.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key_format = ascii(36))]
async fn create(body: String) -> String {
    body
}

fn main() {}
