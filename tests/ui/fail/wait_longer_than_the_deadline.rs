//! A duplicate that would wait longer than its attempt may run.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, pending = wait("16m"))]
async fn create(body: String) -> String {
    body
}

fn main() {}
