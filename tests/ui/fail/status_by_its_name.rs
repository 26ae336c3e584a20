//! A status is given by its name.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, mismatch = reject(CONFLICT))]
async fn create(body: String) -> String {
    body
}

fn main() {}
