//! Handlers that `#[cfg]` takes away or keeps, and attributes by `#[cfg_attr]`.
#![deny(warnings)]

use axum::Router;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

#[cfg(any())]
#[idempotent(scope = global)]
async fn away(body: NoSuchType) {}

#[idempotent(scope = global)]
#[cfg(any())]
async fn away_too(body: NoSuchType) {}

#[cfg(not(any()))]
#[idempotent(scope = org)]
async fn kept(org: String) -> String {
    org
}

#[idempotent(scope = org)]
#[cfg(not(any()))]
async fn kept_too(org: String) -> String {
    org
}

#[cfg_attr(all(), idempotent(scope = global))]
async fn annotated_on_condition(body: String) -> String {
    body
}

#[cfg_attr(any(), idempotent(scope = global))]
async fn not_annotated(body: String) -> String {
    body
}

#[idempotent(scope = global)]
#[cfg_attr(all(), doc = "A handler.", must_use)]
#[cfg_attr(all(), tracing::instrument(skip(body)))]
#[cfg_attr(any(), no_such_attribute)]
async fn with_attributes(body: String) -> String {
    #[cfg(any())]
    no_such_function();
    #[cfg(not(any()))]
    let body = body.trim().to_owned();
    body
}

#[cfg(debug_assertions)]
#[idempotent(scope = global)]
async fn either(body: String) -> String {
    body
}

#[cfg(not(debug_assertions))]
#[idempotent(scope = global)]
async fn either() {}

fn main() {
    let _: Router = Router::new()
        .route("/a", post(kept))
        .route("/b", post(kept_too))
        .route("/c", post(annotated_on_condition))
        .route("/d", post(not_annotated))
        .route("/e", post(with_attributes))
        .route("/f", post(either));
}
