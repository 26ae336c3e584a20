//! `provisional` is given a time without a unit.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, pending = provisional("5"))]
async fn create(body: String) -> String {
    body
}

fn main() {}
