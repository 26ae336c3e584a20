//! Truedy: an optional key on four of its creates; another body under a key is another operation.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::idempotent;
use idempotent_runtime::store::Store;
use idempotent_runtime::{Idempotency, IdempotencyBuilder};
use serde::{Deserialize, Serialize};

use crate::Backend;
use crate::callers::ApiKey;
use crate::table::Table;

/// Truedy's handle: its own namespace, and a clean-up every ten minutes. Its contract has no envelope for refusals.
pub fn idempotency(store: impl Store) -> IdempotencyBuilder {
    Idempotency::builder(store)
        .namespace("truedy")
        .sweep_interval(Duration::from_mins(10))
}

/// Truedy's routes.
pub fn app(backend: Backend, idempotency: Idempotency) -> Router {
    let state = App {
        backend,
        resources: Table::default(),
    };
    let list = |kind| {
        move |State(app): State<App>, org: ApiKey| async move {
            let those = app
                .resources
                .those(|resource| resource.org == org && resource.kind == kind);
            Json(Data { data: those })
        }
    };
    Router::new()
        .route("/agents", post(create_agent).get(list("agent")))
        .route("/calls", post(create_call).get(list("call")))
        .route("/batch-calls", post(create_batch).get(list("batch")))
        .route("/tools", post(create_tool).get(list("tool")))
        .route(
            "/knowledge-bases",
            post(create_knowledge).get(list("knowledge")),
        )
        .route("/voices", post(create_voice).get(list("voice")))
        .layer(idempotency)
        .with_state(state)
}

#[derive(Clone)]
struct App {
    backend: Backend,
    resources: Table<Resource>,
}

/// `POST /agents`. An organization is its API key.
#[idempotent(
    key = header("X-Idempotency-Key"),
    missing = unprotected,
    scope = org,
    mismatch = separate
)]
async fn create_agent(State(app): State<App>, org: ApiKey, Json(new): Json<New>) -> Answer {
    app.create("agent", org, new).await
}

/// `POST /calls`.
#[idempotent(
    key = header("X-Idempotency-Key"),
    missing = unprotected,
    scope = org,
    mismatch = separate
)]
async fn create_call(State(app): State<App>, org: ApiKey, Json(new): Json<New>) -> Answer {
    app.create("call", org, new).await
}

/// `POST /batch-calls`.
#[idempotent(
    key = header("X-Idempotency-Key"),
    missing = unprotected,
    scope = org,
    mismatch = separate
)]
async fn create_batch(State(app): State<App>, org: ApiKey, Json(new): Json<New>) -> Answer {
    app.create("batch", org, new).await
}

/// `POST /tools`.
#[idempotent(
    key = header("X-Idempotency-Key"),
    missing = unprotected,
    scope = org,
    mismatch = separate
)]
async fn create_tool(State(app): State<App>, org: ApiKey, Json(new): Json<New>) -> Answer {
    app.create("tool", org, new).await
}

/// `POST /knowledge-bases`: takes no key.
async fn create_knowledge(State(app): State<App>, org: ApiKey, Json(new): Json<New>) -> Answer {
    app.create("knowledge", org, new).await
}

/// `POST /voices`: takes no key.
async fn create_voice(State(app): State<App>, org: ApiKey, Json(new): Json<New>) -> Answer {
    app.create("voice", org, new).await
}

type Answer = (StatusCode, Json<Data<Resource>>);

impl App {
    async fn create(&self, kind: &'static str, org: ApiKey, new: New) -> Answer {
        self.backend.work().await;
        let data = self.resources.insert(kind, |id| Resource {
            org,
            kind,
            id,
            name: new.name,
        });
        (StatusCode::CREATED, Json(Data { data }))
    }
}

#[derive(Deserialize)]
struct New {
    name: String,
}

#[derive(Serialize)]
struct Data<T> {
    data: T,
}

#[derive(Clone, Serialize)]
struct Resource {
    #[serde(skip)]
    org: ApiKey,
    #[serde(skip)]
    kind: &'static str,
    id: String,
    name: String,
}
