//! The attribute is on a module.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
mod tasks {
    pub async fn create(body: String) -> String {
        body
    }
}

fn main() {}
