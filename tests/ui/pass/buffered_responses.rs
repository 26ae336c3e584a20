//! `response = buffer` for responses whose type says nothing of their end.
#![deny(warnings)]

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::Extension;
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::stream::{self, Stream};
use idempotent_runtime::axum::idempotent;

struct Own(u64);

impl IntoResponse for Own {
    fn into_response(self) -> Response {
        self.0.to_string().into_response()
    }
}

#[idempotent(scope = global, response = buffer)]
async fn bare() -> Response {
    StatusCode::OK.into_response()
}

#[idempotent(scope = global, response = buffer)]
async fn of_a_body() -> Response<Body> {
    Response::new(Body::empty())
}

#[idempotent(scope = global, response = buffer)]
async fn body() -> Body {
    Body::from_stream(stream::iter([Ok::<_, Infallible>("a"), Ok("b")]))
}

#[idempotent(scope = body.len(), response = buffer)]
async fn something(body: String) -> impl IntoResponse {
    (StatusCode::CREATED, body)
}

#[idempotent(scope = global, response = buffer)]
async fn result(body: String) -> Result<Response, StatusCode> {
    Ok(body.into_response())
}

#[idempotent(scope = global, response = buffer)]
async fn result_of_something(
    body: String,
) -> Result<impl IntoResponse, (StatusCode, impl IntoResponse)> {
    if body.is_empty() {
        Err((StatusCode::BAD_REQUEST, "empty"))
    } else {
        Ok(Json(body))
    }
}

#[idempotent(scope = global, response = buffer)]
async fn tuple() -> (StatusCode, [(&'static str, String); 1], Response) {
    (
        StatusCode::OK,
        [("x-a", String::new())],
        Response::default(),
    )
}

#[idempotent(scope = global, response = buffer)]
async fn events() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(stream::iter([Ok(Event::default().data("one"))]))
}

#[idempotent(scope = global, response = buffer)]
async fn named_events() -> Sse<stream::Empty<Result<Event, Infallible>>> {
    Sse::new(stream::empty())
}

#[idempotent(scope = global, response = buffer)]
async fn of_ones_own() -> Own {
    Own(7)
}

#[idempotent(scope = global, response = buffer)]
async fn replayable_anyway() -> Json<u64> {
    Json(7)
}

#[idempotent(scope = org, response = buffer)]
async fn generic<O, R>(Extension(org): Extension<O>, Extension(reply): Extension<R>) -> R
where
    O: idempotent_runtime::ScopeKey + Clone + Send + Sync + 'static,
    R: IntoResponse + Clone + Send + Sync + 'static,
{
    reply
}

#[idempotent(scope = global, abandoned = rerun(3), response = buffer)]
async fn with_an_error_that_says_what_it_means(body: String) -> Result<Response, ApiError> {
    Err(ApiError(body))
}

struct ApiError(String);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl idempotent_runtime::axum::Replay for ApiError {}

fn main() {
    let _: Router = Router::new()
        .route("/a", post(bare))
        .route("/b", post(of_a_body))
        .route("/c", post(body))
        .route("/d", post(something))
        .route("/e", post(result))
        .route("/f", post(result_of_something))
        .route("/g", post(tuple))
        .route("/h", post(events))
        .route("/i", post(named_events))
        .route("/j", post(of_ones_own))
        .route("/k", post(replayable_anyway))
        .route("/m", post(with_an_error_that_says_what_it_means))
        .route("/l", post(generic::<u64, &'static str>));
}
