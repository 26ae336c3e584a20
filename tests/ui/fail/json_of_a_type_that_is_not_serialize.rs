//! A body that cannot be written.
use axum::Json;
use idempotent_runtime::axum::idempotent;

struct Task;

#[idempotent(scope = global)]
async fn create(_body: String) -> Json<Task> {
    Json(Task)
}

fn main() {}
