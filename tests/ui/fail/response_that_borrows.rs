//! The response borrows from an argument.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(body: String) -> &str {
    "done"
}

fn main() {}
