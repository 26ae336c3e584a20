//! The fingerprint stands in quotes.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, fingerprint = "json")]
async fn create(body: String) -> String {
    body
}

fn main() {}
