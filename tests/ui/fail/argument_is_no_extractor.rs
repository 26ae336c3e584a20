//! A routed handler has an argument that isn't an extractor.
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::idempotent;

struct Org(u64);

#[idempotent(scope = org.0)]
async fn create(org: Org, Json(task): Json<String>) -> String {
    format!("{} {task}", org.0)
}

fn app() -> Router {
    Router::new().route("/", post(create))
}

fn main() {}
