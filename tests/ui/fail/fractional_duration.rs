//! A duration is a fraction of a millisecond.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, ttl = "0.5ms")]
async fn create(body: String) -> String {
    body
}

fn main() {}
