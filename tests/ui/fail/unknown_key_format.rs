//! A format of keys that does not exist.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key_format = uuidv4)]
async fn create(body: String) -> String {
    body
}

fn main() {}
