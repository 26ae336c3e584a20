//! `wait` does not say how long.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, pending = wait)]
async fn create(body: String) -> String {
    body
}

fn main() {}
