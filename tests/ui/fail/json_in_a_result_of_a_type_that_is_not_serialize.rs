//! The response is a `Result` whose `Json` is of a type without `Serialize`.
use axum::Json;
use axum::http::StatusCode;
use idempotent_runtime::axum::idempotent;

struct Task;

#[idempotent(scope = global)]
async fn create(_body: String) -> Result<Json<Task>, StatusCode> {
    Ok(Json(Task))
}

fn main() {}
