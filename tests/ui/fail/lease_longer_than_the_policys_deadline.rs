//! The same, where the deadline stands in a policy.
use idempotent_runtime::axum::idempotent;
use idempotent_runtime::policy::Policy;
use std::time::Duration;

const HURRY: Policy = Policy::new()
    .deadline(Duration::from_secs(5))
    .lease(Duration::from_secs(1));

#[idempotent(scope = global, policy = HURRY, lease = "10m")]
async fn create(body: String) -> String {
    body
}

fn main() {}
