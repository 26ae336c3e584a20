//! A `Result` holds an `impl IntoResponse`.
use axum::http::StatusCode;
use axum::response::IntoResponse;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(body: String) -> Result<impl IntoResponse, StatusCode> {
    Ok::<_, StatusCode>(body)
}

fn main() {}
