//! The argument that the scope names is misspelt.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = ogr)]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
