//! Destructured, nested and `mut` arguments, attributes above and below, doc comments.
#![deny(warnings, missing_docs)]
#![allow(dead_code)]

use std::collections::HashMap;

use axum::extract::{ConnectInfo, Extension, Form, Path, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::idempotent;

#[derive(Clone)]
struct App {
    db: String,
    cache: String,
}

/// Above.
#[allow(clippy::unused_async)]
#[idempotent(scope = (db, org), key = header("X-Key"), ttl = "7d 12h")]
/// Below.
#[tracing::instrument(skip_all)]
async fn destructured(
    State(App { db, .. }): State<App>,
    Path((org, _id)): Path<(u64, u64)>,
    Extension(mut count): Extension<u32>,
    method: Method,
    mut headers: HeaderMap,
    Query(_query): Query<HashMap<String, String>>,
    Json(body): Json<HashMap<String, String>>,
) -> (StatusCode, String) {
    count += 1;
    headers.clear();
    (
        StatusCode::CREATED,
        format!("{db} {org} {count} {method} {}", body.len()),
    )
}

#[idempotent(scope = user)]
async fn scope_alone_uses_it(Extension(user): Extension<String>) {}

#[idempotent(scope = user.len(), key = event["id"], fingerprint = none)]
async fn expressions(
    Extension(user): Extension<String>,
    Json(event): Json<HashMap<String, String>>,
) {
}

#[idempotent(scope = global)]
async fn no_arguments() -> &'static str {
    "done"
}

#[idempotent(scope = global, response = buffer)]
async fn whole_request(request: Request) -> axum::response::Response {
    axum::response::Response::new(request.into_body())
}

#[idempotent(scope = global)]
async fn optional(
    uri: Option<Extension<Uri>>,
    body: Result<Form<HashMap<String, String>>, axum::extract::rejection::FormRejection>,
) -> Result<(), StatusCode> {
    let _ = uri;
    body.map(|_| ()).map_err(|_| StatusCode::BAD_REQUEST)
}

#[axum::debug_handler]
#[idempotent(scope = address.port())]
async fn debugged(ConnectInfo(address): ConnectInfo<std::net::SocketAddr>, body: String) -> String {
    body
}

fn main() {
    let _: Router<App> = Router::new()
        .route("/{org}/{id}", post(destructured))
        .route("/a", post(scope_alone_uses_it))
        .route("/b", post(expressions))
        .route("/c", post(no_arguments))
        .route("/d", post(whole_request))
        .route("/e", post(optional))
        .route("/f", post(debugged));
}
