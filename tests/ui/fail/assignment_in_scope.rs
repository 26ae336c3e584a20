//! A comma is forgotten, and the rest looks like an assignment.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = org = body)]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
