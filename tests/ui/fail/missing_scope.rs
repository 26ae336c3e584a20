//! No scope: two tenants that send the same key would share a record.
use idempotent_runtime::axum::idempotent;

#[idempotent(key = header("Idempotency-Key"), ttl = "24h")]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
