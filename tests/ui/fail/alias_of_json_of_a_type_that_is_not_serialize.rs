//! An alias hides a `Json` of a type without `Serialize`.
use axum::Json;
use idempotent_runtime::axum::idempotent;

struct Task;

type Created = Json<Task>;

#[idempotent(scope = global)]
async fn create(_body: String) -> Created {
    Json(Task)
}

fn main() {}
