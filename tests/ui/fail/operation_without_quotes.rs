//! The operation's name has no quotes.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, operation = create_task)]
async fn create(body: String) -> String {
    body
}

fn main() {}
