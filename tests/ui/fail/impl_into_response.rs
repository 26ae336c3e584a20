//! A response whose type is hidden.
use idempotent_runtime::axum::idempotent;

use axum::response::IntoResponse;

#[idempotent(scope = global)]
async fn create(body: String) -> impl IntoResponse {
    body
}

fn main() {}
