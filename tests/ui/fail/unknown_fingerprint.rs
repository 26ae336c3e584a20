//! A fingerprint that does not exist.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, fingerprint = hash)]
async fn create(body: String) -> String {
    body
}

fn main() {}
