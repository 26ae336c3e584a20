//! The function of `on_replay` takes nothing.
use idempotent_runtime::axum::{OnReplay, Saved, idempotent};

async fn decide() -> OnReplay {
    OnReplay::Replay
}

fn saved(_: Saved) {}

#[idempotent(scope = global, on_replay = decide)]
async fn create(body: String) -> String {
    body
}

fn main() {}
