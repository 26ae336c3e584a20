//! A call in the scope is given a misspelt argument.
use idempotent_runtime::axum::idempotent;

fn tenant_of(org: &str) -> u64 {
    org.len() as u64
}

#[idempotent(scope = tenant_of(&ogr))]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
