//! The key names an argument, and the handler has none.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = event.id)]
async fn create() -> String {
    String::new()
}

fn main() {}
