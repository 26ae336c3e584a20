//! A test calls a handler whose scope is misspelt.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = ogr)]
async fn create(org: String) -> String {
    org
}

async fn test() {
    assert_eq!(create("acme".to_owned()).await, "acme");
}

fn main() {}
