//! A retry would wait for longer than an attempt may run.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, pending = wait("16m"))]
async fn create(body: String) -> String {
    body
}

fn main() {}
