//! An outcome is kept for no time.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, ttl = "0s")]
async fn create(body: String) -> String {
    body
}

fn main() {}
