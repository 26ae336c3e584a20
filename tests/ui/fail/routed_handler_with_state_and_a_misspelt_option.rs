//! A routed handler with state has a misspelt option.
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::idempotent;

#[derive(Clone)]
struct App;

#[idempotent(scope = global, ttll = "24h")]
async fn create(State(_app): State<App>, Json(task): Json<String>) -> Json<String> {
    Json(task)
}

fn app() -> Router {
    Router::new().route("/", post(create)).with_state(App)
}

fn main() {}
