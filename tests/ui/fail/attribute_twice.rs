//! The attribute stands twice.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
#[idempotent(scope = global)]
async fn create(body: String) -> String {
    body
}

fn main() {}
