//! A status stands before a `Body`, which may be a stream.
use axum::body::Body;
use axum::http::StatusCode;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(body: String) -> (StatusCode, Body) {
    (StatusCode::OK, Body::from(body))
}

fn main() {}
