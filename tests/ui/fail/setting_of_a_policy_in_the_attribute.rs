//! A setting of a `Policy` alone stands in the attribute.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, max_body = 1024)]
async fn create(body: String) -> String {
    body
}

fn main() {}
