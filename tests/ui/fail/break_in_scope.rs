//! `break` stands in the scope.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = if org.is_empty() { break } else { org })]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
