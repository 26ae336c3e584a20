//! The handler is `unsafe`.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async unsafe fn create(body: String) -> String {
    body
}

fn main() {}
