//! A claim holds for longer than the default deadline.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, lease = "1h")]
async fn create(body: String) -> String {
    body
}

fn main() {}
