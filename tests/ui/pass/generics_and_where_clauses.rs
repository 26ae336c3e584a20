//! Type, const and lifetime parameters, bounds of every kind, and where clauses.
#![deny(warnings)]

use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use axum::extract::{Extension, FromRef, FromRequest, FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::ScopeKey;
use idempotent_runtime::axum::{Replay, idempotent};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[derive(Clone, Copy, ScopeKey)]
struct Id<T, const N: usize>(Owned<[T; N]>);

#[derive(Clone, Copy)]
struct Owned<T>(u64, PhantomData<T>);

impl<T> ScopeKey for Owned<T> {
    fn scope_key(&self, part: &mut idempotent_runtime::scope::ScopePart<'_>) {
        self.0.scope_key(part);
    }
}

trait Repository: Clone + Send + Sync + 'static {
    type Task: Serialize + DeserializeOwned + Send;
    type Error: Replay + Send;
    const NAME: &'static str;

    fn add(&self, task: Self::Task)
    -> impl Future<Output = Result<Self::Task, Self::Error>> + Send;
}

#[derive(Clone)]
struct Memory;

impl Repository for Memory {
    type Task = String;
    type Error = StatusCode;
    const NAME: &'static str = "memory";

    async fn add(&self, task: String) -> Result<String, StatusCode> {
        Ok(task)
    }
}

#[idempotent(scope = org)]
async fn one<O: ScopeKey + Clone + Send + Sync + 'static>(Extension(org): Extension<O>) {}

#[idempotent(scope = (owner, R::NAME), key = owner.to_string())]
async fn associated<R, O>(
    State(repository): State<R>,
    Extension(owner): Extension<O>,
    Json(task): Json<R::Task>,
) -> Result<Json<R::Task>, R::Error>
where
    R: Repository<Error: IntoResponse>,
    O: ScopeKey + Display + Clone + Send + Sync + 'static,
    for<'a> &'a O: Debug,
{
    repository.add(task).await.map(Json)
}

#[idempotent(scope = limit)]
async fn constants<const LIMIT: usize, const STRICT: bool>(
    Json(limit): Json<u64>,
) -> Json<Vec<bool>> {
    let _ = limit;
    Json(vec![STRICT; LIMIT])
}

#[idempotent(scope = global)]
async fn lifetime<'a>(State(name): State<&'a str>) -> String
where
    'a: 'static,
{
    name.to_owned()
}

#[idempotent(scope = global)]
async fn all<'a, T, const N: usize>(
    State(name): State<&'a str>,
    Extension(values): Extension<[T; N]>,
) -> String
where
    T: Debug + Clone + Send + Sync + 'static,
    [T; N]: Sized,
{
    format!("{name} {values:?}")
}

struct Tenant;

impl<S: Sync> FromRequestParts<S> for Tenant
where
    String: FromRef<S>,
{
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        Ok(Self)
    }
}

#[idempotent(scope = global)]
async fn extractors_by_bounds<P, B>(_tenant: Tenant, parts: P, body: B) -> String
where
    P: FromRequestParts<String> + AsRef<str> + Send + 'static,
    B: FromRequest<String> + Into<String> + Send + 'static,
{
    parts.as_ref().to_owned() + &body.into()
}

struct Word;

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        ""
    }
}

impl<S: Sync> FromRequestParts<S> for Word {
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        Ok(Self)
    }
}

#[idempotent(scope = id)]
async fn generic_arguments<T: Clone + Send + Sync + 'static>(
    Extension(id): Extension<Id<T, 3>>,
) -> Json<u64> {
    Json(id.0.0)
}

fn main() {
    let _: Router<Memory> = Router::new()
        .route("/a", post(one::<u64>))
        .route("/b", post(associated::<Memory, String>))
        .route("/c", post(constants::<3, true>))
        .route("/d", post(generic_arguments::<String>));
    let _: Router<&'static str> = Router::new()
        .route("/a", post(lifetime))
        .route("/b", post(all::<u8, 2>));
    let _: Router<String> = Router::new().route("/", post(extractors_by_bounds::<Word, String>));
}
