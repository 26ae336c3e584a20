//! An option is given twice.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, ttl = "24h", ttl = "1h")]
async fn create(body: String) -> String {
    body
}

fn main() {}
