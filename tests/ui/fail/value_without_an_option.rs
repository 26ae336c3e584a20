//! A value stands without its option.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = org, "24h")]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
