//! The same in the other order.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, deadline = "1m", lease = "10m")]
async fn create(body: String) -> String {
    body
}

fn main() {}
