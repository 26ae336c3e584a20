//! The attribute says nothing at all.
use idempotent_runtime::axum::idempotent;

#[idempotent]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
