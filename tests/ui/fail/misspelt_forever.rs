//! `forever` is misspelt.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, ttl = forevr)]
async fn create(body: String) -> String {
    body
}

fn main() {}
