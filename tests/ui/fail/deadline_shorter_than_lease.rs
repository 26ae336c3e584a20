//! The deadline stands first, and a claim holds for longer.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, deadline = "1m", lease = "10m")]
async fn create(body: String) -> String {
    body
}

fn main() {}
