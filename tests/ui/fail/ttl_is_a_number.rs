//! A duration is a number.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, ttl = 86400)]
async fn create(body: String) -> String {
    body
}

fn main() {}
