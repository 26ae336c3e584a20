//! The shared policy is not a constant.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, policy = Policy::new())]
async fn create(body: String) -> String {
    body
}

fn main() {}
