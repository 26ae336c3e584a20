//! A JSON pointer has a `~` that escapes nothing.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = body("/meta~id"))]
async fn create(body: String) -> String {
    body
}

fn main() {}
