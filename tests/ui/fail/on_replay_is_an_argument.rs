//! `on_replay` names an argument.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, on_replay = body)]
async fn create(body: String) -> String {
    body
}

fn main() {}
