//! The handler is `extern`.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async extern "C" fn create(body: String) -> String {
    body
}

fn main() {}
