//! `header` is given two names.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = header("X-Key", "Idempotency-Key"))]
async fn create(body: String) -> String {
    body
}

fn main() {}
