//! The name of a body's field is empty.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = body(""))]
async fn create(body: String) -> String {
    body
}

fn main() {}
