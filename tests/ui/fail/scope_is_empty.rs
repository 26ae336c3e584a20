//! The scope is an empty tuple.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = ())]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
