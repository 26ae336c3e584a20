//! `global` stands beside other parts of a scope.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = (global, org))]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
