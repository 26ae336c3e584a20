//! A duration has a unit that does not exist.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, ttl = "24 horus")]
async fn create(body: String) -> String {
    body
}

fn main() {}
