//! A path parameter is named with its braces.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = path("{id}"))]
async fn create(body: String) -> String {
    body
}

fn main() {}
