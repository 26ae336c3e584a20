//! An argument that reads the body is not the last one.
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(Json(task): Json<String>, headers: HeaderMap) -> String {
    drop(headers);
    task
}

fn app() -> Router {
    Router::new().route("/", post(create))
}

fn main() {}
