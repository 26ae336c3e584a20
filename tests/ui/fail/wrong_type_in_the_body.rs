//! The body of the handler gives another type.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(_body: String) -> String {
    5
}

fn main() {}
