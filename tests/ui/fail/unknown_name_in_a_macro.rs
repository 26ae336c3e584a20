//! A text in the scope is formatted of something that is no argument.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = format!("{org}/{region}"))]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
