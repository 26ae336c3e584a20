//! Statuses stand in a text.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, release = "429")]
async fn create(body: String) -> String {
    body
}

fn main() {}
