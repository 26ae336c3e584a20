//! The key is a `Vec`.
use axum::Json;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = ids)]
async fn create(Json(ids): Json<Vec<String>>) -> String {
    ids.concat()
}

fn main() {}
