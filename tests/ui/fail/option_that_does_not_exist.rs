//! An option that does not exist.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, timeout = "24h")]
async fn create(body: String) -> String {
    body
}

fn main() {}
