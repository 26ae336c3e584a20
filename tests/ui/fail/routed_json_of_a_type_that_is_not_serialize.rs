//! A routed handler answers with a `Json` of a type without `Serialize`.
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::idempotent;

struct Task;

#[idempotent(scope = global)]
async fn create(_body: String) -> Json<Task> {
    Json(Task)
}

fn app() -> Router {
    Router::new().route("/", post(create))
}

fn main() {}
