//! `on_replay` calls a function.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, on_replay = rebuild(body))]
async fn create(body: String) -> String {
    body
}

fn main() {}
