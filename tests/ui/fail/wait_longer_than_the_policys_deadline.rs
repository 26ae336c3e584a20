//! A retry would wait for longer than a shared policy lets an attempt run.
use std::time::Duration;

use idempotent_runtime::Policy;
use idempotent_runtime::axum::idempotent;

const HURRY: Policy = Policy::new()
    .lease(Duration::from_secs(1))
    .deadline(Duration::from_secs(5));

#[idempotent(scope = global, policy = HURRY, pending = wait("10s"))]
async fn create(body: String) -> String {
    body
}

fn main() {}
