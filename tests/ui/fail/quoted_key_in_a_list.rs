//! A header's format is asked of a key that may come in the body.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = [header("X-Key"), body("id")], key_format = quoted)]
async fn create(body: String) -> String {
    body
}

fn main() {}
