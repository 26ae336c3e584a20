//! A header's name has a space in it.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = header("Idempotency Key"))]
async fn create(body: String) -> String {
    body
}

fn main() {}
