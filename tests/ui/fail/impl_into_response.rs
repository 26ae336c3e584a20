//! The response is an `impl IntoResponse`.
use axum::response::IntoResponse;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(body: String) -> impl IntoResponse {
    body
}

fn main() {}
