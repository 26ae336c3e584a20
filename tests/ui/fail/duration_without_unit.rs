//! A duration has no unit.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, ttl = "24")]
async fn create(body: String) -> String {
    body
}

fn main() {}
