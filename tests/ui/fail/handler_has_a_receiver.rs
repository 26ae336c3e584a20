//! The handler is a method.
use idempotent_runtime::axum::idempotent;

struct Service;

impl Service {
    #[idempotent(scope = global)]
    async fn create(&self, body: String) -> String {
        body
    }
}

fn main() {}
