//! An argument of the handler is conditional.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(#[cfg(unix)] org: String, body: String) -> String {
    org + &body
}

fn main() {}
