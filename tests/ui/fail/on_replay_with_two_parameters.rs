//! The closure of `on_replay` takes two things.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, on_replay = |saved, body| async move { OnReplay::Replay })]
async fn create(body: String) -> String {
    body
}

fn main() {}
