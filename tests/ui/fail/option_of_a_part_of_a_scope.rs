//! A part of the scope is an `Option`.
use axum::Json;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = (user, org))]
async fn create(user: String, Json(org): Json<Option<u64>>) -> String {
    user + &org.unwrap_or_default().to_string()
}

fn main() {}
