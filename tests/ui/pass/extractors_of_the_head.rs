//! Every extractor of axum that needs no body, taken apart in its argument.
#![deny(warnings)]

use std::collections::HashMap;
use std::net::SocketAddr;

use axum::extract::rejection::{ExtensionRejection, PathRejection, QueryRejection};
use axum::extract::{
    ConnectInfo, Extension, FromRef, MatchedPath, NestedPath, OriginalUri, Path, Query,
    RawPathParams, RawQuery, State,
};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, Method, Uri, Version};
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::{Attempt, idempotent};
use serde::Deserialize;

#[derive(Clone)]
struct Db(&'static str);

#[derive(Clone)]
struct App {
    db: Db,
    tenant: String,
}

impl FromRef<App> for Db {
    fn from_ref(app: &App) -> Self {
        app.db.clone()
    }
}

#[derive(Clone, Copy)]
struct OrgId(u64);

#[derive(Deserialize)]
struct Place {
    org: u64,
    task: u64,
}

#[derive(Deserialize)]
struct Page {
    size: Option<u32>,
}

#[idempotent(scope = (tenant, org), key = path("task"))]
async fn state_path_and_query(
    State(App { tenant, .. }): State<App>,
    State(Db(name)): State<Db>,
    Path(Place { org, task: number }): Path<Place>,
    Query(Page { size }): Query<Page>,
) -> String {
    format!("{tenant} {name} {org} {number} {size:?}")
}

#[idempotent(scope = org)]
async fn path_tuple(Path((org, task)): Path<(u64, String)>, RawQuery(query): RawQuery) -> String {
    format!("{org} {task} {query:?}")
}

#[idempotent(scope = org)]
async fn one_parameter(Path(org): Path<u64>, Query(all): Query<HashMap<String, String>>) -> String {
    format!("{org} {}", all.len())
}

#[idempotent(scope = (id, params.iter().count()))]
async fn raw(params: RawPathParams, Extension(OrgId(id)): Extension<OrgId>) -> String {
    format!("{id} {}", params.iter().count())
}

#[idempotent(scope = headers.len())]
async fn head(
    method: Method,
    uri: Uri,
    version: Version,
    headers: HeaderMap,
    extensions: Extensions,
) -> String {
    format!(
        "{method} {uri} {version:?} {headers:?} {}",
        extensions.len()
    )
}

#[idempotent(scope = (route.as_str(), address.port()))]
async fn place(
    OriginalUri(uri): OriginalUri,
    route: MatchedPath,
    nested: NestedPath,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
) -> String {
    format!("{uri} {} {} {address}", route.as_str(), nested.as_str())
}

#[idempotent(scope = uri.path())]
async fn parts(
    Parts {
        method,
        uri,
        headers,
        ..
    }: Parts,
    attempt: Attempt,
) -> String {
    format!("{method} {} {attempt:?}", headers.len())
}

#[idempotent(scope = (org.as_ref().map_or(0, |org| org.0.0)))]
async fn perhaps(
    org: Option<Extension<OrgId>>,
    route: Option<MatchedPath>,
    place: Result<Path<Place>, PathRejection>,
    page: Result<Query<Page>, QueryRejection>,
    db: Result<Extension<Db>, ExtensionRejection>,
) -> Result<Json<bool>, PathRejection> {
    let Path(Place { task, .. }) = place?;
    Ok(Json(
        org.is_some() && route.is_some() && page.is_ok() && db.is_ok() && task > 0,
    ))
}

fn main() {
    let _: Router<App> = Router::new()
        .route("/a/{org}/{task}", post(state_path_and_query))
        .route("/b/{org}/{task}", post(path_tuple))
        .route("/c/{org}", post(one_parameter))
        .route("/d", post(raw))
        .route("/e", post(head))
        .route("/f", post(place))
        .route("/g", post(parts))
        .route("/h", post(perhaps));
}
