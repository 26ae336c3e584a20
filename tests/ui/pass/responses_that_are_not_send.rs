//! Responses that cannot move between threads: they are recorded where they are made.
#![deny(warnings)]

use std::rc::Rc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use idempotent_runtime::Disposition;
use idempotent_runtime::axum::{Replay, idempotent};

struct Page(Rc<str>);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        self.0.to_string().into_response()
    }
}

impl Replay for Page {}

struct Problem(*const u8);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (StatusCode::BAD_GATEWAY, format!("{:?}", self.0)).into_response()
    }
}

impl Replay for Problem {
    fn disposition(&self) -> Option<Disposition> {
        self.0.is_null().then_some(Disposition::FailedFinal)
    }
}

#[idempotent(scope = body)]
async fn typed(body: String) -> Page {
    Page(Rc::from(body))
}

#[idempotent(scope = body)]
async fn result(body: String) -> Result<(StatusCode, Page), Problem> {
    std::future::ready(()).await;
    if body.is_empty() {
        Err(Problem(std::ptr::null()))
    } else {
        Ok((StatusCode::OK, Page(Rc::from(body))))
    }
}

#[idempotent(scope = body, response = buffer)]
async fn buffered(body: String) -> Page {
    std::future::ready(()).await;
    Page(Rc::from(body))
}

#[idempotent(scope = body, response = buffer)]
async fn unnamed(body: String) -> Result<impl IntoResponse, Problem> {
    std::future::ready(()).await;
    Ok(Page(Rc::from(body)))
}

fn main() {
    let _: Router = Router::new()
        .route("/a", post(typed))
        .route("/b", post(result))
        .route("/c", post(buffered))
        .route("/d", post(unnamed));
}
