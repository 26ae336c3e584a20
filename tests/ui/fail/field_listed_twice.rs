//! A JSON pointer is listed twice.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, fingerprint = fields("/amount", "/currency", "/amount"))]
async fn create(body: String) -> String {
    body
}

fn main() {}
