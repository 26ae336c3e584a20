//! A header's name is empty.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = header(""))]
async fn create(body: String) -> String {
    body
}

fn main() {}
