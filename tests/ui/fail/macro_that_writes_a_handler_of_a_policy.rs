//! A macro writes a handler whose wait outlasts the policy that it is given.
use std::time::Duration;

use idempotent_runtime::Policy;
use idempotent_runtime::axum::idempotent;

const HURRY: Policy = Policy::new()
    .lease(Duration::from_secs(1))
    .deadline(Duration::from_secs(5));

macro_rules! handler {
    ($policy:path) => {
        #[idempotent(scope = global, policy = $policy, pending = wait("10s"))]
        async fn create(body: String) -> String {
            body
        }
    };
}

handler!(HURRY);

fn main() {}
