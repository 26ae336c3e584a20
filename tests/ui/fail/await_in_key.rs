//! `.await` stands in the key.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = body.id().await)]
async fn create(body: String) -> String {
    body
}

fn main() {}
