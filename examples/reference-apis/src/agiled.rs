//! Agiled: an optional key, bound to the concrete path, under which only what succeeded is kept.

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
use crate::callers::OrgId;
use crate::table::Table;

/// Agiled's handle: its own namespace and envelope.
pub fn idempotency(store: impl Store) -> IdempotencyBuilder {
    Idempotency::builder(store)
        .namespace("agiled")
        .envelope(refused)
}

/// Agiled's routes.
pub fn app(backend: Backend, idempotency: Idempotency) -> Router {
    let state = App {
        backend,
        contacts: Table::default(),
    };
    Router::new()
        .route(
            "/public/v1/contacts",
            post(create_contact).get(list_contacts),
        )
        .route(
            "/public/v1/contacts/{id}",
            put(update_contact).delete(delete_contact),
        )
        .layer(idempotency)
        .with_state(state)
}

#[derive(Clone)]
struct App {
    backend: Backend,
    contacts: Table<Contact>,
}

/// `POST /public/v1/contacts`.
#[idempotent(
    key = header("Idempotency-Key"),
    missing = unprotected,
    scope = org,
    operation = path,
    release = failures,
    mismatch = reject(409),
    ttl = "30d"
)]
async fn create_contact(
    State(app): State<App>,
    org: OrgId,
    Json(new): Json<NewContact>,
) -> Result<(StatusCode, Json<Contact>), ApiError> {
    app.backend.work().await;
    app.is_free(&org, &new.email)?;
    let contact = app.contacts.insert("contact", |id| Contact {
        org,
        id,
        email: new.email,
    });
    Ok((StatusCode::CREATED, Json(contact)))
}

/// `PUT /public/v1/contacts/{id}`.
#[idempotent(
    key = header("Idempotency-Key"),
    missing = unprotected,
    scope = org,
    operation = path,
    release = failures,
    mismatch = reject(409),
    ttl = "30d"
)]
async fn update_contact(
    State(app): State<App>,
    org: OrgId,
    Path(id): Path<String>,
    Json(new): Json<NewContact>,
) -> Result<Json<Contact>, ApiError> {
    app.backend.work().await;
    app.contact(&org, &id)?;
    app.is_free(&org, &new.email)?;
    let contact = app
        .contacts
        .change(&id, |contact| contact.email = new.email);
    contact.map(Json).ok_or(ApiError::NotFound)
}

/// `DELETE /public/v1/contacts/{id}`.
#[idempotent(
    key = header("Idempotency-Key"),
    missing = unprotected,
    scope = org,
    operation = path,
    release = failures,
    mismatch = reject(409),
    ttl = "30d"
)]
async fn delete_contact(
    State(app): State<App>,
    org: OrgId,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.backend.work().await;
    app.contact(&org, &id)?;
    app.contacts.remove(&id);
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /public/v1/contacts`.
async fn list_contacts(State(app): State<App>, org: OrgId) -> Json<Vec<Contact>> {
    Json(app.contacts.those(|contact| contact.org == org))
}

impl App {
    fn contact(&self, org: &OrgId, id: &str) -> Result<Contact, ApiError> {
        let contact = self.contacts.find(id);
        contact
            .filter(|contact| contact.org == *org)
            .ok_or(ApiError::NotFound)
    }

    fn is_free(&self, org: &OrgId, email: &str) -> Result<(), ApiError> {
        let same = |contact: &Contact| contact.org == *org && contact.email == email;
        if self.contacts.those(same).is_empty() {
            Ok(())
        } else {
            Err(ApiError::EmailTaken)
        }
    }
}

#[derive(Deserialize)]
struct NewContact {
    email: String,
}

#[derive(Clone, Serialize)]
struct Contact {
    #[serde(skip)]
    org: OrgId,
    id: String,
    email: String,
}

enum ApiError {
    EmailTaken,
    NotFound,
}

impl Replay for ApiError {}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = match self {
            Self::EmailTaken => (StatusCode::UNPROCESSABLE_ENTITY, "email_taken"),
            Self::NotFound => (StatusCode::NOT_FOUND, "contact_not_found"),
        };
        enveloped(status, code).into_response()
    }
}

/// Agiled speaks of a conflict where the library speaks of a mismatch.
fn refused(code: Code, _: &Parts, _: Option<&str>) -> Json<Envelope> {
    let code = match code {
        Code::Mismatch => "idempotency_conflict",
        other => other.as_str(),
    };
    Json(Envelope {
        error: Failure { code },
    })
}

fn enveloped(status: StatusCode, code: &'static str) -> (StatusCode, Json<Envelope>) {
    let error = Failure { code };
    (status, Json(Envelope { error }))
}

#[derive(Serialize)]
struct Envelope {
    error: Failure,
}

#[derive(Serialize)]
struct Failure {
    code: &'static str,
}
