//! A header name that is none.
use idempotent_runtime::axum::idempotent;

#[idempotent(key = header("Idempotency Key"), scope = global)]
async fn create(body: String) -> String {
    body
}

fn main() {}
