//! A format of keys stands in quotes.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key_format = "uuid")]
async fn create(body: String) -> String {
    body
}

fn main() {}
