//! No scope, and no argument that could be one.
use idempotent_runtime::axum::idempotent;

#[idempotent(ttl = "24h")]
async fn create() -> String {
    String::new()
}

fn main() {}
