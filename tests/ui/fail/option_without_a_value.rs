//! An option has no value.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = org, ttl =)]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
