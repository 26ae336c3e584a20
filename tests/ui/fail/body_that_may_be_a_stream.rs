//! The response is a `Body`, which may be a stream.
use axum::body::Body;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(body: String) -> Body {
    Body::from(body)
}

fn main() {}
