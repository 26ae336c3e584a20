//! Headers stand before a `Json` of a type without `Serialize`.
use axum::Json;
use idempotent_runtime::axum::idempotent;

struct Task;

#[idempotent(scope = global)]
async fn create(_body: String) -> ([(&'static str, &'static str); 1], Json<Task>) {
    ([("x-task", "1")], Json(Task))
}

fn main() {}
