//! The deadline is shorter than the default lease.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, deadline = "10s")]
async fn create(body: String) -> String {
    body
}

fn main() {}
