//! Attribute and response of a routed handler have three mistakes: three errors.
use axum::Router;
use axum::response::IntoResponse;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = ogr, key = header("X Key"), response = typed)]
async fn create(org: String) -> impl IntoResponse {
    org
}

fn app() -> Router {
    Router::new().route("/", post(create))
}

fn main() {}
