//! The last argument of a routed handler isn't an extractor.
use axum::Router;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

struct Task(u64);

#[idempotent(scope = global)]
async fn create(task: Task) -> String {
    task.0.to_string()
}

fn app() -> Router {
    Router::new().route("/", post(create))
}

fn main() {}
