//! `pending` is a bare duration.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, pending = "5s")]
async fn create(body: String) -> String {
    body
}

fn main() {}
