//! A word of `release` is misspelt.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, release = failure)]
async fn create(body: String) -> String {
    body
}

fn main() {}
