//! An attribute with three mistakes at once: three errors.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = tenant, tll = "24h", lease = "soon")]
async fn create(body: String) -> String {
    body
}

fn main() {}
