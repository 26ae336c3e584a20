//! An equals sign is forgotten.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = org, ttl "24h")]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
