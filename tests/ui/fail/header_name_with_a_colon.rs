//! A header's name ends in a colon.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = header("X-Key:"))]
async fn create(body: String) -> String {
    body
}

fn main() {}
