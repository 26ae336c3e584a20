//! `wait` is given no time.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, pending = wait("0s"))]
async fn create(body: String) -> String {
    body
}

fn main() {}
