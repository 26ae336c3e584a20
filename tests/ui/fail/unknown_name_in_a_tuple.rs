//! A part of the scope names no argument.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = (org, user))]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
