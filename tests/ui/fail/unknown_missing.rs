//! A word that `missing` does not know.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, missing = ignore)]
async fn create(body: String) -> String {
    body
}

fn main() {}
