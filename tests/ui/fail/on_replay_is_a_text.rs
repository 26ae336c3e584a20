//! `on_replay` is a text.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, on_replay = "rebuild")]
async fn create(body: String) -> String {
    body
}

fn main() {}
