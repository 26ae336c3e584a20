//! A class of statuses stands where a list belongs.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, release = 5xx)]
async fn create(body: String) -> String {
    body
}

fn main() {}
