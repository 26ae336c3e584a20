//! The handler is a method of an `Arc`.
use idempotent_runtime::axum::idempotent;

use std::sync::Arc;

struct Service;

impl Service {
    #[idempotent(scope = global)]
    async fn create(self: Arc<Self>, body: String) -> String {
        body
    }
}

fn main() {}
