//! A test calls the handler as a function.
use axum::Json;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(Json(task): Json<String>) -> String {
    task
}

async fn test() {
    create(Json("paint".to_owned())).await;
}

fn main() {}
