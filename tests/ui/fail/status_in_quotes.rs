//! A status stands in quotes.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, mismatch = reject("409"))]
async fn create(body: String) -> String {
    body
}

fn main() {}
