//! The function of `on_replay` gives something else than an `OnReplay`.
use idempotent_runtime::axum::{OnReplay, Saved, idempotent};

async fn decide(saved: Saved) -> bool {
    saved.status().is_success()
}

fn decided(_: OnReplay) {}

#[idempotent(scope = global, on_replay = decide)]
async fn create(body: String) -> String {
    body
}

fn main() {}
