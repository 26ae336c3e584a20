//! `#[axum::debug_handler]` above the attribute and below it.
#![deny(warnings)]

use axum::extract::{Extension, State};
use axum::http::{Method, StatusCode};
use axum::routing::post;
use axum::{Json, Router, debug_handler};
use idempotent_runtime::axum::idempotent;

#[debug_handler]
#[idempotent(scope = org)]
async fn above(
    Extension(org): Extension<u64>,
    Json(body): Json<String>,
) -> Result<(StatusCode, String), StatusCode> {
    if org == 0 {
        Err(StatusCode::FORBIDDEN)
    } else {
        Ok((StatusCode::CREATED, body))
    }
}

#[idempotent(scope = org)]
#[debug_handler]
async fn below(
    Extension(org): Extension<u64>,
    Json(body): Json<String>,
) -> Result<(StatusCode, String), StatusCode> {
    if org == 0 {
        Err(StatusCode::FORBIDDEN)
    } else {
        Ok((StatusCode::CREATED, body))
    }
}

#[debug_handler(state = String)]
#[idempotent(scope = tenant)]
async fn with_state(State(tenant): State<String>) -> String {
    tenant
}

#[idempotent(scope = global)]
#[axum::debug_handler]
async fn no_argument() {}

#[axum::debug_handler]
#[idempotent(scope = global)]
#[axum::debug_handler]
async fn both(method: Method, body: String) -> String {
    format!("{method} {body}")
}

#[axum::debug_handler]
#[idempotent(scope = global, response = buffer)]
async fn buffered(method: Method) -> axum::response::Response {
    axum::response::Response::new(method.to_string().into())
}

fn main() {
    let _: Router<String> = Router::new()
        .route("/a", post(above))
        .route("/b", post(below))
        .route("/c", post(with_state))
        .route("/d", post(no_argument))
        .route("/e", post(both))
        .route("/f", post(buffered));
}
