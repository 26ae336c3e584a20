//! A header's format for a key that is in the body.
use idempotent_runtime::axum::idempotent;

#[idempotent(key = body("idempotency_key"), key_format = quoted, scope = global)]
async fn create(body: String) -> String {
    body
}

fn main() {}
