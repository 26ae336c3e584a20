//! A JSON pointer has no quotes.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, fingerprint = fields(amount))]
async fn create(body: String) -> String {
    body
}

fn main() {}
