//! A status stands before a `Json` of a type without `Serialize`.
use axum::Json;
use axum::http::StatusCode;
use idempotent_runtime::axum::idempotent;

struct Task;

#[idempotent(scope = global)]
async fn create(_body: String) -> Result<(StatusCode, Json<Task>), StatusCode> {
    Ok((StatusCode::CREATED, Json(Task)))
}

fn main() {}
