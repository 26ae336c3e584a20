//! The scope names an argument, and the handler has none.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = org)]
async fn create() -> String {
    String::new()
}

fn main() {}
