//! The shared policy is something else.
use idempotent_runtime::axum::idempotent;

const PAYMENTS: u8 = 5;

#[idempotent(scope = global, policy = PAYMENTS)]
async fn create(body: String) -> String {
    body
}

fn main() {}
