//! An attempt may run for no time.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, deadline = "0ms")]
async fn create(body: String) -> String {
    body
}

fn main() {}
