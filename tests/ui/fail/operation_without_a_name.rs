//! The operation's name is empty.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, operation = "")]
async fn create(body: String) -> String {
    body
}

fn main() {}
