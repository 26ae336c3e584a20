//! `abandoned = reconcile(…)` is not available yet.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, abandoned = reconcile(ask_the_bank))]
async fn create(body: String) -> String {
    body
}

fn main() {}
