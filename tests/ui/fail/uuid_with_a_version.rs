//! `uuid` is given a version.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key_format = uuid(4))]
async fn create(body: String) -> String {
    body
}

fn main() {}
