//! A routing attribute that would see the wrong function.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
#[axum::debug_handler]
async fn create(body: String) -> String {
    body
}

fn main() {}
