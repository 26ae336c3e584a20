//! Arguments taken apart by every kind of pattern that cannot fail.
#![deny(warnings)]

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::idempotent;
use serde::Deserialize;

#[derive(Clone)]
struct App {
    db: Db,
    tenant: String,
    limits: [u32; 3],
}

#[derive(Clone)]
struct Db {
    name: &'static str,
    shard: (u8, u8),
}

#[derive(Clone, Copy, Deserialize)]
struct Point(u32, u32);

#[idempotent(scope = (name, low, first), key = tenant)]
async fn nested(
    State(App {
        db: Db {
            name,
            shard: (low, _),
        },
        tenant,
        limits: [first, .., last],
    }): State<App>,
    Extension(Point(.., y)): Extension<Point>,
) -> String {
    format!("{name} {low} {tenant} {first} {last} {y}")
}

#[idempotent(scope = (uri.path(), headers.len(), method.as_str()))]
async fn mutable(
    mut method: Method,
    mut uri: Uri,
    ref headers: HeaderMap,
    Json(mut body): Json<Vec<u8>>,
) -> String {
    if headers.is_empty() {
        (method, uri) = (Method::PUT, Uri::from_static("/"));
    }
    body.clear();
    format!("{method} {uri} {body:?}")
}

#[idempotent(scope = all.tenant)]
async fn whole(
    State(ref all @ App { ref db, .. }): State<App>,
    Json(copied @ Point(x, _)): Json<Point>,
) -> String {
    format!("{} {} {x} {}", all.tenant, db.name, copied.1)
}

#[idempotent(scope = (x, whole.0.1))]
async fn both(whole @ Extension(Point(x, y)): Extension<Point>) -> String {
    format!("{x} {y} {}", whole.0.0)
}

#[idempotent(scope = a)]
async fn arrays(Json([a, b, rest @ ..]): Json<[u64; 8]>) -> String {
    format!("{a} {b} {rest:?}")
}

#[idempotent(scope = org)]
async fn by_reference(Extension(&org): Extension<&'static u64>) -> String {
    org.to_string()
}

#[idempotent(scope = (small, *small + 1))]
async fn one_of(Json(small @ 0..=255): Json<u8>) -> String {
    small.to_string()
}

#[idempotent(scope = (id, times))]
async fn alternatives(
    Json((Ok(id), times) | (Err(id), times)): Json<(Result<u64, u64>, u8)>,
) -> String {
    format!("{id} {times}")
}

#[idempotent(scope = global)]
async fn ignored(_: Method, _uri: Uri, Extension(_): Extension<Point>, Json(_): Json<u8>) {}

#[allow(unused_parens)]
#[idempotent(scope = (only))]
async fn parenthesised((State((only))): State<String>) -> (String) {
    only
}

fn main() {
    let _: Router<App> = Router::new()
        .route("/a", post(nested))
        .route("/b", post(mutable))
        .route("/c", post(whole))
        .route("/d", post(both))
        .route("/e", post(arrays))
        .route("/f", post(by_reference))
        .route("/g", post(one_of))
        .route("/h", post(alternatives))
        .route("/i", post(ignored));
    let _: Router<String> = Router::new().route("/", post(parenthesised));
}
