//! A range of statuses is reversed.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, release = [504..=502])]
async fn create(body: String) -> String {
    body
}

fn main() {}
