//! The key is the same for every request.
use idempotent_runtime::axum::idempotent;

const KEY: &str = "same";

#[idempotent(scope = global, key = KEY)]
async fn create(body: String) -> String {
    body
}

fn main() {}
