//! A class of statuses is written as 5xx.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, release = [5xx])]
async fn create(body: String) -> String {
    body
}

fn main() {}
