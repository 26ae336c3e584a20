//! The scope is a text.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = "acme")]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
