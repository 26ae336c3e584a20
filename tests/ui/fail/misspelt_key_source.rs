//! `header` is misspelt.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = heder("X-Key"))]
async fn create(body: String) -> String {
    body
}

fn main() {}
