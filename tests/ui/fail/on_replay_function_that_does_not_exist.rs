//! The function of `on_replay` does not exist.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, on_replay = decide)]
async fn create(body: String) -> String {
    body
}

fn main() {}
