//! Whet: a key in the JSON body, bound to no body, and replays that know whether what was created still exists.

use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use idempotent_runtime::axum::{Attempt, OnReplay, PublishError, Replay, Saved, idempotent};
use idempotent_runtime::policy::{FingerprintOf, KeyFormat, KeySource, Pending, Policy, Ttl};
use idempotent_runtime::store::Store;
use idempotent_runtime::{Code, Idempotency, IdempotencyBuilder};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Backend;
use crate::callers::OrgId;
use crate::table::Table;

/// Whet's handle: its own namespace and envelope.
pub fn idempotency(store: impl Store) -> IdempotencyBuilder {
    Idempotency::builder(store)
        .namespace("whet")
        .envelope(refused)
}

/// Whet's routes. GET, PATCH and DELETE know nothing of keys.
pub fn app(backend: Backend, idempotency: Idempotency) -> Router {
    let state = App {
        backend,
        resources: Table::default(),
    };
    let one = || get(show).patch(revise).delete(remove);
    Router::new()
        .route("/pipelines/from-intent", post(start_pipeline))
        .route("/posts/{id}/draft", post(draft_post))
        .route("/artifacts/{id}/publish", post(publish_artifact))
        .route("/accounts/connect", post(connect_account))
        .route("/fetch", post(fetch))
        .route("/pipelines/{id}", one())
        .route("/artifacts/{id}", one())
        .route("/accounts/{id}", one())
        .layer(idempotency)
        .with_state(state)
}

#[derive(Clone)]
struct App {
    backend: Backend,
    resources: Table<Resource>,
}

/// What all of Whet's mutating endpoints have in common.
const WHET: Policy = Policy::new()
    .key(KeySource::Body("idempotency_key"))
    .key_format(KeyFormat::ascii(16, 128))
    .ttl(Ttl::Forever)
    .fingerprint(FingerprintOf::None)
    .pending(Pending::Provisional(Duration::from_secs(5)));

/// `POST /pipelines/from-intent`.
#[idempotent(
    policy = WHET,
    scope = org,
    on_replay = |saved| async move { app.if_still_there(&saved) }
)]
async fn start_pipeline(
    State(app): State<App>,
    org: OrgId,
    attempt: Attempt,
    Valid(intent): Valid<Intent>,
) -> Result<(StatusCode, Json<Finished>), ApiError> {
    let run_id = app.run(&attempt).await?;
    let pipeline = app.create("pipeline", org, intent.intent);
    Ok(finished(run_id, Created::Pipeline(pipeline.id)))
}

/// `POST /posts/{id}/draft`.
#[idempotent(
    policy = WHET,
    scope = org,
    on_replay = |saved| async move { app.if_still_there(&saved) }
)]
async fn draft_post(
    State(app): State<App>,
    org: OrgId,
    attempt: Attempt,
    Path(post): Path<String>,
    Valid(draft): Valid<Draft>,
) -> Result<(StatusCode, Json<Finished>), ApiError> {
    let run_id = app.run(&attempt).await?;
    let Text(tone) = draft.tone;
    let artifact = app.create("artifact", org, Text(format!("{post}, {tone}")));
    Ok(finished(run_id, Created::Artifact(artifact.id)))
}

/// `POST /artifacts/{id}/publish`.
#[idempotent(
    policy = WHET,
    scope = org,
    on_replay = |saved| async move { app.if_still_there(&saved) }
)]
async fn publish_artifact(
    State(app): State<App>,
    org: OrgId,
    attempt: Attempt,
    Path(artifact): Path<String>,
    Valid(_publication): Valid<Publication>,
) -> Result<(StatusCode, Json<Finished>), ApiError> {
    let artifact = app.resource(&org, &artifact)?;
    let run_id = app.run(&attempt).await?;
    Ok(finished(run_id, Created::Artifact(artifact.id)))
}

/// `POST /accounts/connect`.
#[idempotent(
    policy = WHET,
    scope = org,
    on_replay = |saved| async move { app.if_still_there(&saved) }
)]
async fn connect_account(
    State(app): State<App>,
    org: OrgId,
    attempt: Attempt,
    Valid(connection): Valid<Connection>,
) -> Result<(StatusCode, Json<Finished>), ApiError> {
    let run_id = app.run(&attempt).await?;
    let account = app.create("account", org, connection.provider);
    Ok(finished(run_id, Created::Account(account.id)))
}

/// `POST /fetch`: the one endpoint whose key is optional.
#[idempotent(
    policy = WHET,
    missing = unprotected,
    scope = org,
    on_replay = |saved| async move { app.if_still_there(&saved) }
)]
async fn fetch(
    State(app): State<App>,
    org: OrgId,
    attempt: Attempt,
    Valid(source): Valid<Source>,
) -> Result<(StatusCode, Json<Finished>), ApiError> {
    let run_id = app.run(&attempt).await?;
    let artifact = app.create("artifact", org, source.url);
    Ok(finished(run_id, Created::Artifact(artifact.id)))
}

async fn show(
    State(app): State<App>,
    org: OrgId,
    Path(id): Path<String>,
) -> Result<Json<Resource>, ApiError> {
    app.resource(&org, &id).map(Json)
}

async fn revise(
    State(app): State<App>,
    org: OrgId,
    Path(id): Path<String>,
) -> Result<Json<Resource>, ApiError> {
    app.resource(&org, &id)?;
    let revised = app.resources.change(&id, |resource| resource.revision += 1);
    revised.map(Json).ok_or(ApiError::NotFound)
}

async fn remove(
    State(app): State<App>,
    org: OrgId,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.resource(&org, &id)?;
    app.resources.remove(&id);
    Ok(StatusCode::NO_CONTENT)
}

impl App {
    /// Does the work. Duplicates are told the run's id before it begins; it is the same on every attempt.
    async fn run(&self, attempt: &Attempt) -> Result<String, ApiError> {
        let run_id = format!("run_{}", attempt.derive("run"));
        let started = Started {
            run_id: run_id.clone(),
            status: "running",
        };
        attempt
            .publish((StatusCode::ACCEPTED, Json(started)))
            .await?;
        self.backend.work().await;
        Ok(run_id)
    }

    fn create(&self, kind: &str, org: OrgId, Text(about): Text) -> Resource {
        self.resources.insert(kind, |id| Resource {
            org,
            id,
            about,
            revision: 1,
        })
    }

    fn resource(&self, org: &OrgId, id: &str) -> Result<Resource, ApiError> {
        let resource = self.resources.find(id);
        resource
            .filter(|resource| resource.org == *org)
            .ok_or(ApiError::NotFound)
    }

    /// An outcome is kept as long as what it created.
    fn if_still_there(&self, saved: &Saved) -> OnReplay {
        match saved.json::<Finished>() {
            Ok(finished) if self.resources.find(finished.created.id()).is_none() => {
                OnReplay::answer(ApiError::NotFound)
            }
            // A failure created nothing that could be gone.
            _ => OnReplay::Replay,
        }
    }
}

fn finished(run_id: String, created: Created) -> (StatusCode, Json<Finished>) {
    let finished = Finished {
        run_id,
        status: "completed".to_owned(),
        created,
    };
    (StatusCode::CREATED, Json(finished))
}

/// What duplicates of a running call get.
#[derive(Serialize)]
struct Started {
    run_id: String,
    status: &'static str,
}

#[derive(Serialize, Deserialize)]
struct Finished {
    run_id: String,
    status: String,
    #[serde(flatten)]
    created: Created,
}

/// What a run made.
#[derive(Serialize, Deserialize)]
enum Created {
    #[serde(rename = "pipeline_id")]
    Pipeline(String),
    #[serde(rename = "artifact_id")]
    Artifact(String),
    #[serde(rename = "account_id")]
    Account(String),
}

impl Created {
    fn id(&self) -> &str {
        let (Self::Pipeline(id) | Self::Artifact(id) | Self::Account(id)) = self;
        id
    }
}

#[derive(Clone, Serialize)]
struct Resource {
    #[serde(skip)]
    org: OrgId,
    id: String,
    about: String,
    revision: u32,
}

#[derive(Deserialize)]
struct Intent {
    intent: Text,
}

#[derive(Deserialize)]
struct Draft {
    tone: Text,
}

#[derive(Deserialize)]
struct Publication {
    #[serde(rename = "channel")]
    _channel: Text,
}

#[derive(Deserialize)]
struct Connection {
    provider: Text,
}

#[derive(Deserialize)]
struct Source {
    url: Text,
}

/// Text that says something.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Text(String);

impl TryFrom<String> for Text {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("must not be empty");
        }
        Ok(Self(text))
    }
}

/// A body that passed the endpoint's own validation, which comes before the key is looked at.
struct Valid<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Valid<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Json(body) = Json::from_request(request, state).await?;
        Ok(Self(body))
    }
}

#[derive(Debug, thiserror::Error)]
enum ApiError {
    #[error("{}", .0.body_text())]
    Invalid(#[from] JsonRejection),
    #[error("there is no such resource")]
    NotFound,
    /// Nothing was done: duplicates could not have been told of the run.
    #[error("the run was not started")]
    NotStarted(#[from] PublishError),
}

impl Replay for ApiError {}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let message = self.to_string();
        match self {
            Self::Invalid(_) => validation_failed(message),
            Self::NotFound => enveloped(StatusCode::NOT_FOUND, "not_found", message),
            Self::NotStarted(_) => {
                enveloped(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
            }
        }
    }
}

/// Whet has no error of its own for keys: a request whose key is wrong is not valid.
fn refused(code: Code, _: &Parts, _: Option<&str>) -> Response {
    let message = code.detail().to_owned();
    match code {
        Code::KeyMissing | Code::KeyInvalid | Code::Mismatch => validation_failed(message),
        // Nor has it a conflict. A run whose id is not known within the wait is to be asked for again.
        Code::Pending => enveloped(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message),
        other => {
            let status = StatusCode::from_u16(other.status());
            enveloped(
                status.unwrap_or(StatusCode::BAD_REQUEST),
                other.as_str(),
                message,
            )
        }
    }
}

fn validation_failed(message: String) -> Response {
    enveloped(
        StatusCode::UNPROCESSABLE_ENTITY,
        "validation_failed",
        message,
    )
}

fn enveloped(status: StatusCode, code: &'static str, message: String) -> Response {
    let error = Failure { code, message };
    (status, Json(Envelope { error })).into_response()
}

#[derive(Serialize)]
struct Envelope {
    error: Failure,
}

#[derive(Serialize)]
struct Failure {
    code: &'static str,
    message: String,
}
