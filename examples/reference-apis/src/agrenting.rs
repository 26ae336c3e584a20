//! Agrenting: every POST and PUT takes a key in `X-Idempotency-Key`, and every outcome is kept, failures too.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{post, put};
use axum::{Json, Router};
use idempotent_runtime::axum::{Replay, idempotent};
use idempotent_runtime::store::Store;
use idempotent_runtime::{Code, Idempotency, IdempotencyBuilder};
use serde::{Deserialize, Serialize};

use crate::Backend;
use crate::callers::ApiKey;
use crate::table::Table;

/// Agrenting's handle: its own namespace and envelope.
pub fn idempotency(store: impl Store) -> IdempotencyBuilder {
    Idempotency::builder(store)
        .namespace("agrenting")
        .envelope(refused)
}

/// Agrenting's routes.
pub fn app(backend: Backend, idempotency: Idempotency) -> Router {
    let state = App {
        backend,
        tasks: Table::default(),
    };
    Router::new()
        .route("/api/v1/tasks", post(create_task).get(list_tasks))
        .route("/api/v1/tasks/{id}", put(replace_task))
        .layer(idempotency)
        .with_state(state)
}

#[derive(Clone)]
struct App {
    backend: Backend,
    tasks: Table<Task>,
}

/// `POST /api/v1/tasks`: hires an agent for a task.
#[idempotent(
    key = header("X-Idempotency-Key"),
    scope = account,
    ttl = "24h",
    operation = "agrenting",
    release = never
)]
async fn create_task(
    State(app): State<App>,
    account: ApiKey,
    Json(new): Json<NewTask>,
) -> Result<(StatusCode, Json<Task>), ApiError> {
    app.hire(&new.agent).await?;
    let task = app.tasks.insert("task", |id| Task {
        account,
        id,
        title: new.title,
        agent: new.agent,
    });
    Ok((StatusCode::CREATED, Json(task)))
}

/// `PUT /api/v1/tasks/{id}`: hires an agent for another version of a task.
#[idempotent(
    key = header("X-Idempotency-Key"),
    scope = account,
    ttl = "24h",
    operation = "agrenting",
    release = never
)]
async fn replace_task(
    State(app): State<App>,
    account: ApiKey,
    Path(id): Path<String>,
    Json(new): Json<NewTask>,
) -> Result<Json<Task>, ApiError> {
    let known = app.tasks.find(&id);
    known
        .filter(|task| task.account == account)
        .ok_or(ApiError::NotFound)?;
    app.hire(&new.agent).await?;
    let replaced = app.tasks.change(&id, |task| {
        (task.title, task.agent) = (new.title, new.agent);
    });
    replaced.map(Json).ok_or(ApiError::NotFound)
}

/// `GET /api/v1/tasks`.
async fn list_tasks(State(app): State<App>, account: ApiKey) -> Json<Vec<Task>> {
    Json(app.tasks.those(|task| task.account == account))
}

impl App {
    /// One agent is always busy, and one takes no work.
    async fn hire(&self, agent: &str) -> Result<(), ApiError> {
        self.backend.work().await;
        match agent {
            "busy" => Err(ApiError::AgentBusy),
            "retired" => Err(ApiError::AgentRetired),
            _ => Ok(()),
        }
    }
}

#[derive(Deserialize)]
struct NewTask {
    title: String,
    agent: String,
}

#[derive(Clone, Serialize)]
struct Task {
    #[serde(skip)]
    account: ApiKey,
    id: String,
    title: String,
    agent: String,
}

enum ApiError {
    /// Nothing was done: the record is `failed_retriable`.
    AgentBusy,
    /// Trying again cannot help: the record is `failed_final`.
    AgentRetired,
    NotFound,
}

/// The statuses say enough.
impl Replay for ApiError {}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = match self {
            Self::AgentBusy => (StatusCode::SERVICE_UNAVAILABLE, "AGENT_BUSY"),
            Self::AgentRetired => (StatusCode::UNPROCESSABLE_ENTITY, "AGENT_RETIRED"),
            Self::NotFound => (StatusCode::NOT_FOUND, "TASK_NOT_FOUND"),
        };
        enveloped(status, code.to_owned()).into_response()
    }
}

/// Agrenting's codes are the library's in capitals: `IDEMPOTENCY_MISMATCH`, `IDEMPOTENCY_PENDING`.
fn refused(code: Code, _: &Parts, _: Option<&str>) -> (StatusCode, Json<Envelope>) {
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    enveloped(status, code.as_str().to_ascii_uppercase())
}

fn enveloped(status: StatusCode, code: String) -> (StatusCode, Json<Envelope>) {
    let error = Failure { code };
    (status, Json(Envelope { error }))
}

#[derive(Serialize)]
struct Envelope {
    error: Failure,
}

#[derive(Serialize)]
struct Failure {
    code: String,
}
