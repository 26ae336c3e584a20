//! Handlers, arguments, fields, types and policies that are named by raw identifiers.
#![deny(warnings)]
#![allow(non_camel_case_types)]

use axum::extract::{Extension, State};
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::{OnReplay, Saved, idempotent};
use idempotent_runtime::{Policy, ScopeKey};

#[derive(Clone, ScopeKey)]
struct r#struct {
    r#type: String,
}

mod r#mod {
    pub const r#CONST: super::Policy = super::Policy::new();
}

#[idempotent(scope = r#type)]
async fn r#match(r#type: String) -> String {
    r#type
}

#[idempotent(scope = (r#async, r#struct.r#type), key = &r#struct.r#type)]
async fn r#async(Extension(r#async): Extension<u64>, State(r#struct): State<r#struct>) -> String {
    format!("{async} {}", r#struct.r#type)
}

#[idempotent(scope = r#type, policy = r#mod::r#CONST, on_replay = r#fn)]
async fn r#impl(State(r#struct { r#type }): State<r#struct>) -> String {
    r#type
}

#[idempotent(scope = r#in.len(), on_replay = |r#loop| async move {
    if r#loop.body() == r#in { OnReplay::Replay } else { OnReplay::Forget }
})]
async fn r#for<r#while: Into<String> + Send>(
    Extension(_): Extension<Option<r#while>>,
    r#in: String,
) -> String
where
    r#while: Clone + Sync + 'static,
{
    r#in
}

#[idempotent(scope = format!("{type}"))]
async fn in_a_format(Json(r#type): Json<String>) {}

async fn r#fn(r#try: Saved) -> OnReplay {
    drop(r#try);
    OnReplay::Replay
}

#[idempotent(scope = org, key = [r#org, header("X-Key")])]
async fn ordinary_names(r#org: String) -> String {
    org
}

fn main() {
    let _: Router<r#struct> = Router::new()
        .route("/a", post(r#match))
        .route("/b", post(r#async))
        .route("/c", post(r#impl))
        .route("/d", post(r#for::<String>))
        .route("/e", post(in_a_format))
        .route("/f", post(ordinary_names));
}
