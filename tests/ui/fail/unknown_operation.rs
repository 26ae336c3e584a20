//! An operation that does not exist.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, operation = method)]
async fn create(body: String) -> String {
    body
}

fn main() {}
