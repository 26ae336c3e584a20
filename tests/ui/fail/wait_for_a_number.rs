//! `wait` is given a number.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, pending = wait(5))]
async fn create(body: String) -> String {
    body
}

fn main() {}
