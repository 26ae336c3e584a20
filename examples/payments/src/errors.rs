//! What can go wrong, and how clients are told.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use idempotent_runtime::axum::Replay;
use serde::Serialize;

use crate::provider::CardError;

/// Every error that the API answers with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// No API key came, or none that is known.
    #[error("the API key is missing or unknown")]
    UnknownApiKey,
    /// There is no such payment, or it is another organization's.
    #[error("there is no such payment")]
    NotFound,
    /// The money has gone back already.
    #[error("this payment has been refunded")]
    AlreadyRefunded,
    /// The card was not charged.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The application's own database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// A retry gets the error that the first attempt got. The statuses say enough: 503 gives the key back, the others are
/// recorded.
impl Replay for ApiError {}

impl ApiError {
    const fn status(&self) -> StatusCode {
        match self {
            Self::UnknownApiKey => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::AlreadyRefunded => StatusCode::CONFLICT,
            Self::Card(CardError::Declined) => StatusCode::PAYMENT_REQUIRED,
            Self::Card(CardError::Busy) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Database(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::UnknownApiKey => "unknown_api_key",
            Self::NotFound => "payment_not_found",
            Self::AlreadyRefunded => "already_refunded",
            Self::Card(CardError::Declined) => "card_declined",
            Self::Card(CardError::Busy) => "provider_busy",
            Self::Database(_) => "internal",
        }
    }
}

/// RFC 9457.
#[derive(Serialize)]
struct Problem {
    title: String,
    status: u16,
    code: &'static str,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Self::Database(error) = &self {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "the database failed"
            );
        }
        let problem = Problem {
            title: self.to_string(),
            status: self.status().as_u16(),
            code: self.code(),
        };
        let problem_json = [(CONTENT_TYPE, "application/problem+json")];
        let mut response = (self.status(), problem_json, Json(problem)).into_response();
        if let Self::UnknownApiKey = self {
            let challenge = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
