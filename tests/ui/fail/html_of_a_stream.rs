//! The response is an `Html` of a `Body`, which may be a stream.
use axum::body::Body;
use axum::response::Html;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(_body: String) -> Html<Body> {
    Html(Body::empty())
}

fn main() {}
