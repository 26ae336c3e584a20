//! A text stands before the body where a status or headers belong.
use axum::Json;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(_body: String) -> (String, Json<u64>) {
    (String::new(), Json(5))
}

fn main() {}
