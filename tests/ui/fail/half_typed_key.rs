//! The value of `key` is half typed.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = org, key = hea)]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
