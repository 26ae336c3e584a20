//! The closure of `on_replay` takes nothing.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, on_replay = || async move { OnReplay::Replay })]
async fn create(body: String) -> String {
    body
}

fn main() {}
