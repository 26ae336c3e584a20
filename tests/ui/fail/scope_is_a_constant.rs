//! The scope is the same for every caller.
use idempotent_runtime::axum::idempotent;

const TENANT: &str = "acme";

#[idempotent(scope = TENANT)]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
