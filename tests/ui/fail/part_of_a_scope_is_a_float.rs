//! A part of the scope cannot be one.
use axum::Json;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = (org, price))]
async fn create(org: String, Json(price): Json<f64>) -> String {
    org + &price.to_string()
}

fn main() {}
