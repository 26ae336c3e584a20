//! `mismatch` is a bare status.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, mismatch = 409)]
async fn create(body: String) -> String {
    body
}

fn main() {}
