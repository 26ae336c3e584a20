//! A retry would wait for longer than the deadline that is set.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, pending = wait("2m"), deadline = "1m")]
async fn create(body: String) -> String {
    body
}

fn main() {}
