//! The closure of `on_replay` gives something else than an `OnReplay`.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, on_replay = |saved| async move { saved.status().is_success() })]
async fn create(body: String) -> String {
    body
}

fn main() {}
