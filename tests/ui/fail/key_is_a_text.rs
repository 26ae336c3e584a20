//! The key is given by a header's bare name.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = "X-Idempotency-Key")]
async fn create(body: String) -> String {
    body
}

fn main() {}
