//! `response = typed` of a response without a name.
use axum::response::IntoResponse;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, response = typed)]
async fn create() -> impl IntoResponse {
    "done"
}

fn main() {}
