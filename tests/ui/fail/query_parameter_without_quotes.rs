//! The name of a query parameter has no quotes.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = query(id))]
async fn create(body: String) -> String {
    body
}

fn main() {}
