//! `response` is a `bool`.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, response = true)]
async fn create(body: String) -> String {
    body
}

fn main() {}
