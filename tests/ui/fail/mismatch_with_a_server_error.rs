//! A mismatch is refused with a 5xx status.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, mismatch = reject(500))]
async fn create(body: String) -> String {
    body
}

fn main() {}
