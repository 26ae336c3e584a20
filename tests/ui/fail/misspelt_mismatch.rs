//! A word of `mismatch` is misspelt.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, mismatch = seperate)]
async fn create(body: String) -> String {
    body
}

fn main() {}
