//! A claim holds for no time.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, lease = "0s")]
async fn create(body: String) -> String {
    body
}

fn main() {}
