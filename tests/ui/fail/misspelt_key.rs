//! The argument that the key names is misspelt.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = bdoy)]
async fn create(body: String) -> String {
    body
}

fn main() {}
