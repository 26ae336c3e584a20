//! Handlers that take nothing, with every way of writing what they return.
#![deny(warnings)]

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn nothing() {}

#[idempotent(scope = global)]
async fn unit() -> () {
    std::future::ready(()).await
}

#[idempotent(scope = global,)]
async fn text() -> &'static str {
    "done"
}

#[idempotent(scope = global, key = query("k"))]
async fn result() -> Result<(), StatusCode> {
    Err(StatusCode::CONFLICT)
}

#[idempotent(
    scope = global,
    response = buffer,
)]
async fn buffered() -> impl axum::response::IntoResponse + use<> {
    "done"
}

fn main() {
    let _: Router = Router::new()
        .route("/a", post(nothing))
        .route("/b", post(unit))
        .route("/c", post(text))
        .route("/d", post(result))
        .route("/e", post(buffered));
}
