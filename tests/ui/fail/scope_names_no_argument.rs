//! The scope names something that is no argument.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = organization)]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
