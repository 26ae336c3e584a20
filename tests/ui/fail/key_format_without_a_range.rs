//! `ascii` is written without its lengths.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key_format = ascii)]
async fn create(body: String) -> String {
    body
}

fn main() {}
