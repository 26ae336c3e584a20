//! The runtime's path leads nowhere.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, crate = crate::vendored::idempotent)]
async fn create(body: String) -> String {
    body
}

fn main() {}
