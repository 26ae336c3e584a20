//! The fingerprint is misspelt.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, fingerprint = bdy)]
async fn create(body: String) -> String {
    body
}

fn main() {}
