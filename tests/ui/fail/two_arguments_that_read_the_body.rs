//! Two arguments read the body; `debug_handler` says so.
use axum::Json;
use axum::body::Bytes;
use idempotent_runtime::axum::idempotent;

#[axum::debug_handler]
#[idempotent(scope = global)]
async fn create(raw: Bytes, Json(task): Json<String>) -> String {
    format!("{} {task}", raw.len())
}

fn main() {}
