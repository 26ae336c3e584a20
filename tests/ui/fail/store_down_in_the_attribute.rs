//! `store_down` stands in the attribute.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, store_down = unprotected)]
async fn create(body: String) -> String {
    body
}

fn main() {}
