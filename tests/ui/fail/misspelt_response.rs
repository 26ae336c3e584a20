//! A word of `response` is misspelt.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, response = buffered)]
async fn create(body: String) -> String {
    body
}

fn main() {}
