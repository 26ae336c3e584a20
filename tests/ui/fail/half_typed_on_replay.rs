//! The closure of `on_replay` ends in a dot.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, on_replay = |saved| async move { saved. })]
async fn create(body: String) -> String {
    body
}

fn main() {}
