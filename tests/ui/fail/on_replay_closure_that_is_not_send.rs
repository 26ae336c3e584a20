//! The closure of `on_replay` holds something that cannot leave its thread.
use std::rc::Rc;

use idempotent_runtime::axum::{OnReplay, idempotent};

#[idempotent(scope = global, on_replay = |saved| async move {
    let saved = Rc::new(saved);
    std::future::ready(()).await;
    drop(saved);
    OnReplay::Replay
})]
async fn create(body: String) -> String {
    body
}

fn main() {}
