//! An outcome is kept for longer than any store can count.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, ttl = "300000000y")]
async fn create(body: String) -> String {
    body
}

fn main() {}
