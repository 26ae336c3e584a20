//! Two arguments read the body.
use axum::Json;
use axum::body::Bytes;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(raw: Bytes, Json(task): Json<String>) -> String {
    format!("{} {task}", raw.len())
}

fn main() {}
