//! A list of keys names one place twice.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = [header("X-Key"), header("x-key")])]
async fn create(body: String) -> String {
    body
}

fn main() {}
