//! The function of `on_replay` holds something that cannot leave its thread.
use std::rc::Rc;

use idempotent_runtime::axum::{OnReplay, Saved, idempotent};

async fn decide(saved: Saved) -> OnReplay {
    let saved = Rc::new(saved);
    std::future::ready(()).await;
    drop(saved);
    OnReplay::Replay
}

#[idempotent(scope = global, on_replay = decide)]
async fn create(body: String) -> String {
    body
}

fn main() {}
