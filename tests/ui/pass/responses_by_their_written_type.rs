//! Responses that need no option and no `impl Replay`: any response, by its written type, and whatever axum takes as a part.
#![deny(warnings)]

use axum::extract::{Extension, multipart, rejection};
use axum::http::StatusCode;
use axum::response::{AppendHeaders, ErrorResponse, IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::{Attempt, Replay, idempotent};
use serde::Serialize;

#[derive(Serialize)]
struct Task;

struct ApiError;

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        StatusCode::CONFLICT.into_response()
    }
}

impl Replay for ApiError {}

/// As some frameworks on axum have it: the error isn't written, and is no `Replay`.
mod framework {
    use axum::response::{IntoResponse, Response};

    pub struct Error;

    impl IntoResponse for Error {
        fn into_response(self) -> Response {
            ().into_response()
        }
    }

    pub type Result<T, E = Error> = std::result::Result<T, E>;
}

#[idempotent(scope = global)]
async fn bare() -> Response {
    StatusCode::OK.into_response()
}

#[idempotent(scope = global)]
async fn in_a_result() -> Result<Response, ApiError> {
    Ok(StatusCode::OK.into_response())
}

#[idempotent(scope = global)]
async fn as_an_error() -> Result<Json<Task>, Response> {
    Err(StatusCode::OK.into_response())
}

#[idempotent(scope = global)]
async fn behind_a_status() -> (StatusCode, Response) {
    (StatusCode::ACCEPTED, "later".into_response())
}

#[idempotent(scope = global)]
async fn something() -> impl IntoResponse {
    StatusCode::OK
}

#[idempotent(scope = global)]
async fn something_in_a_result() -> Result<impl IntoResponse, ApiError> {
    Ok((StatusCode::CREATED, Json(Task)))
}

#[idempotent(scope = global)]
async fn something_behind_a_status() -> (StatusCode, impl IntoResponse) {
    (StatusCode::CREATED, "done")
}

#[idempotent(scope = global)]
async fn of_a_framework() -> framework::Result<Response> {
    Err(framework::Error)
}

#[idempotent(scope = global)]
async fn any_error() -> axum::response::Result<Json<Task>> {
    Err(StatusCode::CONFLICT.into())
}

#[idempotent(scope = global)]
async fn any_error_by_name() -> Result<Json<Task>, ErrorResponse> {
    Err(StatusCode::CONFLICT.into())
}

#[idempotent(scope = global)]
async fn rejected() -> Result<Json<Task>, rejection::RawFormRejection> {
    Ok(Json(Task))
}

#[idempotent(scope = global)]
async fn rejected_form() -> Result<Json<Task>, multipart::MultipartError> {
    Ok(Json(Task))
}

#[idempotent(scope = global)]
async fn rejected_parts() -> Result<Json<Task>, multipart::MultipartRejection> {
    Ok(Json(Task))
}

#[idempotent(scope = global)]
async fn parts() -> (
    StatusCode,
    Extension<u64>,
    AppendHeaders<[(&'static str, &'static str); 1]>,
    Json<Task>,
) {
    (
        StatusCode::CREATED,
        Extension(1),
        AppendHeaders([("x-one", "1")]),
        Json(Task),
    )
}

#[idempotent(scope = global)]
async fn parts_alone() -> (Extension<u64>, String) {
    (Extension(1), String::new())
}

#[idempotent(scope = global, pending = provisional("5s"))]
async fn publishes(attempt: Attempt) -> String {
    let _ = attempt.publish(StatusCode::ACCEPTED.into_response()).await;
    String::new()
}

fn main() {
    let _: Router = Router::new()
        .route("/a", post(bare))
        .route("/b", post(in_a_result))
        .route("/c", post(as_an_error))
        .route("/d", post(behind_a_status))
        .route("/e", post(something))
        .route("/f", post(something_in_a_result))
        .route("/g", post(something_behind_a_status))
        .route("/h", post(of_a_framework))
        .route("/i", post(any_error))
        .route("/j", post(any_error_by_name))
        .route("/k", post(rejected))
        .route("/l", post(rejected_form))
        .route("/m", post(rejected_parts))
        .route("/n", post(parts))
        .route("/o", post(parts_alone))
        .route("/p", post(publishes));
}
