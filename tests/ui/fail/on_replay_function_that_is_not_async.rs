//! The function of `on_replay` is not async.
use idempotent_runtime::axum::{OnReplay, Saved, idempotent};

fn decide(_saved: Saved) -> OnReplay {
    OnReplay::Replay
}

#[idempotent(scope = global, on_replay = decide)]
async fn create(body: String) -> String {
    body
}

fn main() {}
