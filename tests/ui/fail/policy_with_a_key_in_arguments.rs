//! A shared policy looks for the key in arguments, and the attribute names none.
use idempotent_runtime::Policy;
use idempotent_runtime::axum::idempotent;
use idempotent_runtime::policy::KeySource;

const EVENTS: Policy = Policy::new().key(KeySource::Arguments);

#[idempotent(scope = global, policy = EVENTS)]
async fn create(body: String) -> String {
    body
}

fn main() {}
