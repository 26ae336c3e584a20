//! `#[tracing::instrument]` below the attribute, where it names arguments, and above it.
#![deny(warnings)]

use axum::extract::{Extension, State};
use axum::http::{Method, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::idempotent;
use tracing::instrument;

#[derive(Clone)]
struct App;

#[idempotent(scope = org)]
#[instrument]
async fn plain(Extension(org): Extension<u64>, body: String) -> String {
    format!("{org}{body}")
}

#[idempotent(scope = org)]
#[instrument(name = "create", level = "debug", skip(app, task), fields(org.id = org, title = %task, status), err)]
async fn fields(
    State(app): State<App>,
    Extension(org): Extension<u64>,
    Json(task): Json<String>,
) -> Result<(StatusCode, Json<String>), StatusCode> {
    let App = app;
    tracing::Span::current().record("status", org);
    if task.is_empty() {
        return Err(StatusCode::BAD_REQUEST);
    }
    Ok((StatusCode::CREATED, Json(task)))
}

#[idempotent(scope = org)]
#[instrument(skip_all, ret)]
async fn unused_but_for_the_scope(Extension(org): Extension<u64>) -> &'static str {
    "done"
}

#[instrument(skip_all)]
#[idempotent(scope = org)]
async fn above(method: Method, Extension(org): Extension<u64>, body: String) -> String {
    format!("{method} {org}{body}")
}

#[instrument(skip_all, fields(kind = "tick"))]
#[idempotent(scope = global)]
async fn above_without_arguments() {}

#[idempotent(scope = owner)]
#[instrument(skip(owner))]
async fn generic<O>(Extension(owner): Extension<O>) -> String
where
    O: idempotent_runtime::ScopeKey + ToString + Clone + Send + Sync + 'static,
{
    owner.to_string()
}

fn main() {
    let _: Router<App> = Router::new()
        .route("/a", post(plain))
        .route("/b", post(fields))
        .route("/c", post(unused_but_for_the_scope))
        .route("/d", post(above))
        .route("/e", post(above_without_arguments))
        .route("/f", post(generic::<u64>));
}
