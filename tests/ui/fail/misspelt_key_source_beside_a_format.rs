//! `header` is misspelt, beside a format of headers.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = heder("X-Key"), key_format = quoted)]
async fn create(body: String) -> String {
    body
}

fn main() {}
