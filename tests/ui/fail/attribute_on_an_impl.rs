//! The attribute is on an `impl`.
use idempotent_runtime::axum::idempotent;

struct Tasks;

#[idempotent(scope = global)]
impl Tasks {
    async fn create(body: String) -> String {
        body
    }
}

fn main() {}
