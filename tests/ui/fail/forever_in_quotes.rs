//! `forever` stands in quotes.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, ttl = "forever")]
async fn create(body: String) -> String {
    body
}

fn main() {}
