//! The scope is not written yet.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = , ttl = "24h")]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
