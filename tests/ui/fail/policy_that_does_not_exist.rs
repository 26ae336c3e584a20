//! The shared policy does not exist.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, policy = PAYMENTS)]
async fn create(body: String) -> String {
    body
}

fn main() {}
