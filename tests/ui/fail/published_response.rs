//! A bare `Response` is published.
use axum::body::Body;
use axum::response::Response;
use idempotent_runtime::axum::{Attempt, idempotent};

#[idempotent(scope = global, pending = provisional("5s"))]
async fn create(attempt: Attempt) -> String {
    let _ = attempt.publish(Response::new(Body::empty())).await;
    String::new()
}

fn main() {}
