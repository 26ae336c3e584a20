//! The handler is `const`.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
const fn create(body: String) -> String {
    body
}

fn main() {}
