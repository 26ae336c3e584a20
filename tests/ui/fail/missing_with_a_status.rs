//! `missing` is given a status.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, missing = reject(428))]
async fn create(body: String) -> String {
    body
}

fn main() {}
