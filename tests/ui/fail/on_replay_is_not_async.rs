//! The closure of `on_replay` is not async.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, on_replay = |saved| rebuild(saved))]
async fn create(body: String) -> String {
    body
}

fn main() {}
