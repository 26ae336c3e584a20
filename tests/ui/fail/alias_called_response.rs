//! An alias called `Response` hides an error that is no `Replay`.
use axum::Json;
use idempotent_runtime::axum::idempotent;

struct ApiError;

type Response<T> = Result<Json<T>, ApiError>;

#[idempotent(scope = global)]
async fn create(body: String) -> Response<String> {
    Ok(Json(body))
}

fn main() {}
