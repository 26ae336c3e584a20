//! Scopes that derive `ScopeKey`, and handlers of types.

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::{Json, Router, routing};
use idempotent_runtime::ScopeKey;
use idempotent_runtime::axum::{OnReplay, idempotent};
use serde::{Deserialize, Serialize};

/// An organization.
#[derive(Clone, Copy, Debug, ScopeKey)]
pub struct Org(u64);

/// An account.
#[derive(Clone, Debug, ScopeKey)]
pub struct Account {
    /// Its number.
    number: String,
}

/// A name, borrowed.
#[derive(Clone, Copy, Debug, ScopeKey)]
pub struct Name<'text>(&'text str);

/// An id of something.
#[derive(Clone, Debug, ScopeKey)]
pub struct Id<T: ?Sized, const LENGTH: usize>(Box<T>)
where
    Box<T>: Clone;

/// A task.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Task {
    /// What to do.
    title: String,
}

impl Task {
    /// The longest title.
    const LONGEST: usize = 70;

    /// Creates a task.
    #[idempotent(scope = org)]
    pub async fn create(Extension(org): Extension<Org>, Json(task): Json<Self>) -> Json<Self> {
        Json(task)
    }

    /// Creates a task with a short title.
    #[idempotent(scope = (org, Self::LONGEST), key = task.title.as_str(), on_replay = |saved| async move {
        match saved.json::<Self>() {
            Ok(kept) if kept.title.len() <= Self::LONGEST && org.0 > 0 => OnReplay::Replay,
            _ => OnReplay::Forget,
        }
    })]
    pub async fn create_short(
        Extension(org): Extension<Org>,
        Json(mut task): Json<Self>,
    ) -> Result<(StatusCode, Json<Self>), StatusCode> {
        if task.title.is_empty() {
            return Err(StatusCode::BAD_REQUEST);
        }
        task.title.truncate(Self::LONGEST);
        Ok((StatusCode::CREATED, Json(task)))
    }

    /// Counts tasks.
    #[idempotent(scope = global)]
    #[must_use]
    pub async fn count() -> String {
        Self::LONGEST.to_string()
    }
}

/// A shop with a provider.
#[derive(Clone, Debug)]
pub struct Shop<P>(P);

impl<P: Clone + Send + Sync + ToString + 'static> Shop<P> {
    /// Pays.
    #[idempotent(scope = account)]
    pub async fn pay(
        State(Self(provider)): State<Self>,
        Extension(account): Extension<Account>,
    ) -> String {
        provider.to_string()
    }
}

/// Routes to them.
pub fn app() -> Router<Shop<String>> {
    Router::new()
        .route("/a", routing::post(Task::create))
        .route("/b", routing::post(Task::create_short))
        .route("/c", routing::post(Task::count))
        .route("/d", routing::post(Shop::<String>::pay))
        .route("/e", routing::post(of_a_generic_owner::<Id<String, 3>>))
        .route("/f", routing::post(of_a_name))
}

/// Takes any owner.
#[idempotent(scope = owner)]
async fn of_a_generic_owner<O>(Extension(owner): Extension<O>) -> &'static str
where
    O: ScopeKey + Clone + Send + Sync + 'static,
{
    "done"
}

/// Takes a name.
#[idempotent(scope = name)]
async fn of_a_name(Extension(name): Extension<Name<'static>>) -> &'static str {
    name.0
}
