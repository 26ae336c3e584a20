//! The scope is a `bool`.
use axum::Json;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = admin)]
async fn create(Json(admin): Json<bool>) -> String {
    admin.to_string()
}

fn main() {}
