//! A duration has no quotes.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, ttl = 24h)]
async fn create(body: String) -> String {
    body
}

fn main() {}
