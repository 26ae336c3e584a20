//! The key comes from a place that the attribute does not know.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = cookie("key"))]
async fn create(body: String) -> String {
    body
}

fn main() {}
