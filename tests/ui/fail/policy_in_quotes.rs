//! The shared policy's name stands in quotes.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, policy = "PAYMENTS")]
async fn create(body: String) -> String {
    body
}

fn main() {}
