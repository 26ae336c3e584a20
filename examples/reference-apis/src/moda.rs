//! Moda: a key in the body or in a header, replays that nobody can tell from the first answer, and a webhook receiver.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::idempotent;
use idempotent_runtime::store::Store;
use idempotent_runtime::{Code, Idempotency, IdempotencyBuilder};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Backend;
use crate::callers::ApiKey;
use crate::table::Table;

/// Moda's handle: its own namespace and envelope, and no mark on a replay.
pub fn idempotency(store: impl Store) -> IdempotencyBuilder {
    Idempotency::builder(store)
        .namespace("moda")
        .without_replayed_header()
        .envelope(refused)
}

/// Moda's routes, and those of a customer who listens to its webhooks.
pub fn app(backend: Backend, idempotency: Idempotency) -> Router {
    let state = App {
        backend,
        tasks: Table::default(),
        events: Table::default(),
    };
    Router::new()
        .route("/v1/tasks", post(create_task).get(list_tasks))
        .route("/webhooks/moda", post(receive_event).get(list_events))
        .layer(idempotency)
        .with_state(state)
}

#[derive(Clone)]
struct App {
    backend: Backend,
    tasks: Table<Task>,
    events: Table<String>,
}

/// `POST /v1/tasks`.
#[idempotent(
    key = [header("Idempotency-Key"), body("idempotency_key")],
    key_format = ascii(1..=4096),
    missing = unprotected,
    scope = api_key,
    mismatch = reject(409),
    ttl = "7d"
)]
async fn create_task(
    State(app): State<App>,
    api_key: ApiKey,
    Json(new): Json<NewTask>,
) -> (StatusCode, Json<Task>) {
    app.backend.work().await;
    let task = app.tasks.insert("task", |id| Task {
        api_key,
        id,
        prompt: new.prompt,
        status: "queued",
    });
    (StatusCode::CREATED, Json(task))
}

/// `GET /v1/tasks`.
async fn list_tasks(State(app): State<App>, api_key: ApiKey) -> Json<Vec<Task>> {
    Json(app.tasks.those(|task| task.api_key == api_key))
}

/// `POST /webhooks/moda`: takes in each event once. A redelivery need not have the bytes of the first delivery.
#[idempotent(key = event.id, scope = global, fingerprint = none, ttl = "7d")]
async fn receive_event(State(app): State<App>, Json(event): Json<Event>) -> StatusCode {
    app.backend.work().await;
    app.events.insert("received", |_| event.id);
    StatusCode::NO_CONTENT
}

/// `GET /webhooks/moda`: the events that were taken in.
async fn list_events(State(app): State<App>) -> Json<Vec<String>> {
    Json(app.events.those(|_| true))
}

#[derive(Deserialize)]
struct NewTask {
    prompt: String,
}

#[derive(Clone, Serialize)]
struct Task {
    #[serde(skip)]
    api_key: ApiKey,
    id: String,
    prompt: String,
    status: &'static str,
}

/// The envelope of Moda's events; what they tell is left out here.
#[derive(Deserialize)]
struct Event {
    /// `evt_…`.
    id: String,
}

/// Moda's envelope. A conflict names the key; the request's id is the caller's own, where it sent one. The status is the
/// policy's.
fn refused(code: Code, parts: &Parts, key: Option<&str>) -> Json<Envelope> {
    let detail = || code.detail().to_owned();
    let (r#type, name, message) = match code {
        Code::Mismatch => (
            "conflict",
            "idempotency_conflict",
            format!(
                "The idempotency key `{}` was used with another body.",
                key.unwrap_or_default()
            ),
        ),
        Code::Pending => ("conflict", code.as_str(), detail()),
        Code::KeyMissing | Code::KeyInvalid | Code::BodyTooLarge | Code::BodyUnreadable => {
            ("invalid_request", code.as_str(), detail())
        }
        _ => ("api_error", code.as_str(), detail()),
    };
    let error = Failure {
        r#type,
        code: name,
        message,
        request_id: request_id(parts),
    };
    Json(Envelope { error })
}

fn request_id(parts: &Parts) -> String {
    let sent = parts.headers.get("x-request-id");
    match sent.and_then(|id| id.to_str().ok()) {
        Some(id) => id.to_owned(),
        None => format!("req_{}", Uuid::new_v4().simple()),
    }
}

#[derive(Serialize)]
struct Envelope {
    error: Failure,
}

#[derive(Serialize)]
struct Failure {
    r#type: &'static str,
    code: &'static str,
    message: String,
    request_id: String,
}
