//! A test calls a handler that takes nothing.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create() -> String {
    String::new()
}

async fn test() {
    create().await;
}

fn main() {}
