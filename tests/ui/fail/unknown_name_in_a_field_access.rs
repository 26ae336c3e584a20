//! The scope is a field of something that is no argument.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = user.org_id)]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
