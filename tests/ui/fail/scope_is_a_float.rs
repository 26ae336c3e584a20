//! The scope is a float, which has no one written form.
use axum::Json;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = price)]
async fn create(Json(price): Json<f64>) -> String {
    price.to_string()
}

fn main() {}
