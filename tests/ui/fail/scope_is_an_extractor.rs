//! The scope is an extractor, not what is in it.
use axum::Extension;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = org)]
async fn create(org: Extension<u64>) -> String {
    org.to_string()
}

fn main() {}
