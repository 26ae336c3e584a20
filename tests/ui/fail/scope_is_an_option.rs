//! The scope is an `Option`, which may be nobody.
use axum::Json;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = org)]
async fn create(Json(org): Json<Option<String>>) -> String {
    org.unwrap_or_default()
}

fn main() {}
