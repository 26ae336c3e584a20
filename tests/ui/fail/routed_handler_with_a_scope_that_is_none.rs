//! A routed handler's scope cannot be one.
use axum::Json;
use axum::Router;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = price)]
async fn create(Json(price): Json<f64>) -> String {
    price.to_string()
}

fn app() -> Router {
    Router::new().route("/", post(create))
}

fn main() {}
