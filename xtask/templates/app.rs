//! What the handlers of all three crates work on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The application's state.
#[derive(Clone, Debug, Default)]
pub struct App {
    rows: Arc<Mutex<HashMap<(&'static str, u64), Value>>>,
}

impl App {
    /// Keeps a row and gives it a number.
    pub async fn insert(&self, kind: &'static str, row: &impl Serialize) -> Result<u64, ApiError> {
        let row = serde_json::to_value(row).map_err(|_| ApiError::Invalid("a row"))?;
        Ok(self.keep(kind, row))
    }

    /// Whether there is such a row.
    pub async fn find(&self, kind: &'static str, id: u64) -> Result<Value, ApiError> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.get(&(kind, id)).cloned().ok_or(ApiError::NotFound)
    }

    /// Tells somebody.
    pub async fn notify(&self, org: u64, text: &str) -> Result<(), ApiError> {
        self.keep("notice", json!({ "org": org, "text": text }));
        Ok(())
    }

    fn keep(&self, kind: &'static str, row: Value) -> u64 {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let id = rows.len() as u64 + 1;
        rows.insert((kind, id), row);
        id
    }
}

/// How a list is worked through.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Choice {
    /// At most so many.
    pub limit: Option<usize>,
    /// Whether anything is kept.
    pub dry_run: Option<bool>,
}

/// What can go wrong in a handler.
#[derive(Debug)]
pub enum ApiError {
    /// There is no such row.
    NotFound,
    /// The caller has no organization.
    Unauthorized,
    /// This field cannot be so.
    Invalid(&'static str),
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "not found"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "who are you"),
            Self::Invalid(field) => (StatusCode::UNPROCESSABLE_ENTITY, field),
        };
        (status, axum::Json(json!({ "error": error }))).into_response()
    }
}

/// Whose request it is.
#[derive(Clone, Copy, Debug)]
pub struct OrgId(pub u64);

impl<S: Sync> FromRequestParts<S> for OrgId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let org = parts.headers.get("x-org").and_then(|org| org.to_str().ok());
        org.and_then(|org| org.parse().ok())
            .map(Self)
            .ok_or(ApiError::Unauthorized)
    }
}
