//! The response is a `Json` of a `Vec` of a type without `Serialize`.
use axum::Json;
use idempotent_runtime::axum::idempotent;

struct Task;

#[idempotent(scope = global)]
async fn create(_body: String) -> Json<Vec<Task>> {
    Json(vec![Task])
}

fn main() {}
