//! An expression ends in a dot.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = org.)]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
