//! The key names something that is no argument.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = event.id)]
async fn create(body: String) -> String {
    body
}

fn main() {}
