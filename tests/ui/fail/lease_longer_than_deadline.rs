//! A claim holds for longer than an attempt may run.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, lease = "10m", deadline = "1m")]
async fn create(body: String) -> String {
    body
}

fn main() {}
