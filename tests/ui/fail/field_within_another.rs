//! A JSON pointer points into another one of the list.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, fingerprint = fields("/items", "/items/0"))]
async fn create(body: String) -> String {
    body
}

fn main() {}
