//! The response is a `Json` of a type without `Serialize`.
use axum::Json;
use idempotent_runtime::axum::idempotent;

struct Task;

#[idempotent(scope = global)]
async fn create(_body: String) -> Json<Task> {
    Json(Task)
}

fn main() {}
