//! The handler is variadic.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(body: String, _: ...) -> String {
    body
}

fn main() {}
