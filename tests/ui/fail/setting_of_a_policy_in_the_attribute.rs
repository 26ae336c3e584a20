//! A setting that only a policy has.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, max_body = 1024)]
async fn create(body: String) -> String {
    body
}

fn main() {}
