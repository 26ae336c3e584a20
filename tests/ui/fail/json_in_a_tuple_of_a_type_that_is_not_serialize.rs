//! The same behind a status: still one error, under the type that is wrong.
use axum::Json;
use axum::http::StatusCode;
use idempotent_runtime::axum::idempotent;

struct Task;

#[idempotent(scope = global)]
async fn create(body: String) -> Result<(StatusCode, Json<Task>), StatusCode> {
    drop(body);
    Ok((StatusCode::CREATED, Json(Task)))
}

fn main() {}
