//! The function of `on_replay` takes two things.
use idempotent_runtime::axum::{OnReplay, Saved, idempotent};

async fn decide(_saved: Saved, _body: &str) -> OnReplay {
    OnReplay::Replay
}

#[idempotent(scope = global, on_replay = decide)]
async fn create(body: String) -> String {
    body
}

fn main() {}
