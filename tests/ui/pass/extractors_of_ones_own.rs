//! Extractors of the application's own, some called as readers of the body are, in front of other arguments.
#![deny(warnings)]

use axum::Router;
use axum::body::Bytes as Raw;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

/// The name of a form, from the head.
struct Form<T>(T);

impl<T: Default, S: Sync> FromRequestParts<S> for Form<T> {
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        Ok(Self(T::default()))
    }
}

/// How many bytes are announced.
struct Bytes(usize);

impl<S: Sync> FromRequestParts<S> for Bytes {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        Ok(Self(parts.headers.len()))
    }
}

#[idempotent(scope = name)]
async fn in_front(Form(name): Form<String>, Bytes(count): Bytes, body: Raw) -> String {
    format!("{name} {count} {}", body.len())
}

#[idempotent(scope = form.as_ref().map_or("", |form| form.0.as_str()))]
async fn in_a_result(form: Result<Form<String>, StatusCode>, headers: HeaderMap) -> String {
    format!("{} {}", form.is_ok(), headers.len())
}

fn main() {
    let _: Router = Router::new()
        .route("/a", post(in_front))
        .route("/b", post(in_a_result));
}
