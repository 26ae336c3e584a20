//! The handler is not async.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
fn create(body: String) -> String {
    body
}

fn main() {}
