//! An option is half typed.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = org, rel)]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
