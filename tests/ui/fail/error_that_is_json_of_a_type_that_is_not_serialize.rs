//! The error is a `Json` of a type without `Serialize`.
use axum::Json;
use idempotent_runtime::axum::idempotent;

struct Problem;

#[idempotent(scope = global)]
async fn create(_body: String) -> Result<String, Json<Problem>> {
    Err(Json(Problem))
}

fn main() {}
