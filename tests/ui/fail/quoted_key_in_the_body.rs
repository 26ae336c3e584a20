//! A header's format is asked of a key in the body.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = body("idempotency_key"), key_format = quoted)]
async fn create(body: String) -> String {
    body
}

fn main() {}
