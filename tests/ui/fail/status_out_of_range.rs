//! A status does not exist.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, release = [429, 999])]
async fn create(body: String) -> String {
    body
}

fn main() {}
