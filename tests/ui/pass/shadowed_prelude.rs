//! Names of the prelude that mean something else around the handler, and in it.
#![deny(warnings)]
#![allow(
    dead_code,
    unused_imports,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals
)]

mod shadowed {
    pub struct Result;
    pub struct Option;
    pub struct String;
    pub struct Vec;
    pub struct Box;
    pub trait Future {}
    pub trait Send {}
    pub trait Sync {}
    pub trait Into {}
    pub trait From {}
    pub trait Fn {}
    pub trait FnOnce {}
    pub trait Clone {}
    pub trait Default {}
    pub trait Iterator {}
    pub trait ToString {}
    pub struct u16;
    pub struct u64;
    pub struct bool;
    pub fn Ok() {}
    pub fn Err() {}
    pub fn Some() {}
    pub const None: () = ();
    pub fn drop() {}
    pub struct Policy;
    pub struct Call;
    pub struct Duration;
    pub struct Response;
    pub struct OnReplay;
    pub struct Entry;
    pub fn protect() {}
    pub fn run() {}
    pub fn scope() {}
    pub fn key() {}
    pub fn enter() {}
    pub fn millis() {}
    pub fn need_send() {}
    pub fn need_replay() {}
}

use self::shadowed::*;
use axum::extract::Extension;
use axum::http::StatusCode;
use axum::routing::post;
use idempotent_runtime::axum::{OnReplay as Decision, Saved, idempotent};

type Outcome<T> = core::result::Result<T, StatusCode>;

#[idempotent(scope = org, key = header("X-Key"), ttl = "1h", release = [429, 500..=504], lease = "10s")]
async fn options(Extension(org): Extension<i64>) -> StatusCode {
    StatusCode::from_u16(200 + org as core::primitive::u16).unwrap_or(StatusCode::OK)
}

#[idempotent(scope = (org, org + 1), key = [header("X-Key"), org], pending = wait("1s"))]
async fn expressions(Extension(org): Extension<i64>) -> Outcome<axum::Json<i64>> {
    core::result::Result::Ok(axum::Json(org))
}

#[idempotent(scope = org, on_replay = |saved| async move { decide(*org, saved).await })]
async fn replayed(Extension(org): Extension<i64>) -> (StatusCode, ()) {
    (StatusCode::CREATED, ())
}

async fn decide(_: i64, _: Saved) -> Decision {
    Decision::Replay
}

#[idempotent(scope = global, on_replay = decide_alone)]
async fn replayed_by_a_function() {}

async fn decide_alone(_: Saved) -> Decision {
    Decision::Forget
}

#[idempotent(scope = global, response = buffer)]
async fn buffered() -> axum::response::Response {
    axum::response::Response::default()
}

struct Tasks(i64);

impl Tasks {
    #[idempotent(scope = org)]
    async fn create(Extension(org): Extension<i64>) -> axum::Json<i64> {
        axum::Json(Self(org).0)
    }
}

#[derive(idempotent_runtime::ScopeKey)]
struct Owner<T>(T);

fn main() {
    fn is_a_scope<T: idempotent_runtime::ScopeKey>() {}
    is_a_scope::<Owner<i64>>();
    let _: axum::Router = axum::Router::new()
        .route("/a", post(options))
        .route("/b", post(expressions))
        .route("/c", post(replayed))
        .route("/d", post(replayed_by_a_function))
        .route("/e", post(buffered))
        .route("/f", post(Tasks::create));
}
