//! The body of the handler names something that does not exist.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(body: String) -> String {
    bdoy
}

fn main() {}
