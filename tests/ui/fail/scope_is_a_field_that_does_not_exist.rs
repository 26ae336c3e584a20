//! The scope is a field that does not exist.
use axum::Json;
use idempotent_runtime::axum::idempotent;

#[derive(serde::Deserialize)]
struct User {
    name: String,
}

#[idempotent(scope = user.org)]
async fn create(Json(user): Json<User>) -> String {
    user.name
}

fn main() {}
