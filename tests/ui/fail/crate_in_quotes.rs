//! The runtime's path stands in quotes.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, crate = "idempotent_runtime")]
async fn create(body: String) -> String {
    body
}

fn main() {}
