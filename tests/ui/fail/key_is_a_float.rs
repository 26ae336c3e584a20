//! The key is a float.
use axum::Json;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = price)]
async fn create(Json(price): Json<f64>) -> String {
    price.to_string()
}

fn main() {}
