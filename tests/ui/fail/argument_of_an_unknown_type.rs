//! The last argument is of a type that does not exist.
use axum::Json;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(Json(task): Json<Taks>) {
    drop(task);
}

fn main() {}
