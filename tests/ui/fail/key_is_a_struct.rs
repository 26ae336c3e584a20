//! The key is a struct of the application.
use axum::Json;
use idempotent_runtime::axum::idempotent;

#[derive(serde::Deserialize)]
struct Event {
    id: String,
}

#[idempotent(scope = global, key = event)]
async fn create(Json(event): Json<Event>) -> String {
    event.id
}

fn main() {}
