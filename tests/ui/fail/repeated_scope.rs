//! The scope is given twice.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = org, scope = body)]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
