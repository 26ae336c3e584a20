//! An alias hides a tuple of which a part cannot be replayed.
use axum::Json;
use axum::http::StatusCode;
use idempotent_runtime::axum::idempotent;

struct Task;

type Created = (StatusCode, Json<Task>);

#[idempotent(scope = global)]
async fn create(_body: String) -> Created {
    (StatusCode::CREATED, Json(Task))
}

fn main() {}
