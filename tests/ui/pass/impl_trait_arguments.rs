//! `impl Trait` arguments. No router can tell which type is meant, so they are not routed.
#![deny(warnings)]
#![allow(dead_code)]

use axum::extract::{Extension, FromRequest, FromRequestParts};
use axum::http::Method;
use idempotent_runtime::ScopeKey;
use idempotent_runtime::axum::idempotent;

trait Text {
    fn text(&self) -> &str;
}

impl Text for String {
    fn text(&self) -> &str {
        self
    }
}

#[idempotent(scope = body.text())]
async fn last(body: impl FromRequest<()> + Text + Send + 'static) -> String {
    body.text().to_owned()
}

#[idempotent(scope = org)]
async fn in_the_middle(
    method: Method,
    Extension(org): Extension<impl ScopeKey + Clone + Send + Sync + 'static>,
    parts: impl FromRequestParts<()> + ToString + Send + 'static,
    body: String,
) -> String {
    format!("{method} {} {body}", parts.to_string())
}

#[idempotent(scope = global, response = buffer)]
async fn in_and_out(
    body: impl FromRequest<()> + Text + Send + 'static,
) -> impl axum::response::IntoResponse {
    body.text().to_owned()
}

fn main() {}
