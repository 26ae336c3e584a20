//! The scope is a `Vec`.
use axum::Json;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = orgs)]
async fn create(Json(orgs): Json<Vec<String>>) -> String {
    orgs.concat()
}

fn main() {}
