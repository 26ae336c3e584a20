//! The list of statuses is empty.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, release = [])]
async fn create(body: String) -> String {
    body
}

fn main() {}
