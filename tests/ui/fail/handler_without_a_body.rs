//! The handler has no body.
use idempotent_runtime::axum::idempotent;

trait Tasks {
    #[idempotent(scope = global)]
    async fn create(body: String) -> String;
}

fn main() {}
