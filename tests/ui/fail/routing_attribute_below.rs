//! A routing attribute stands below `#[idempotent]`.
use idempotent_runtime::axum::idempotent;

// Plays a router's attribute.
use tracing::instrument as post;

#[idempotent(scope = global)]
#[post(skip_all)]
async fn create(body: String) -> String {
    body
}

fn main() {}
