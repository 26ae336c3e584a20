//! Who is calling.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use idempotent_runtime::ScopeKey;
use tracing::{Span, field};

use crate::app::App;
use crate::errors::ApiError;

/// The organization that an API key belongs to. As a scope it keeps one organization's idempotency keys apart from
/// another's.
#[derive(Clone, Debug, ScopeKey)]
pub(crate) struct Organization(String);

impl Organization {
    /// Its id in the database.
    pub(crate) fn id(&self) -> &str {
        &self.0
    }
}

impl FromRequestParts<App> for Organization {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let api_key = bearer(parts).ok_or(ApiError::UnknownApiKey)?;
        let id: String = sqlx::query_scalar("SELECT id FROM organizations WHERE api_key = ?")
            .bind(api_key)
            .fetch_optional(&app.database)
            .await?
            .ok_or(ApiError::UnknownApiKey)?;
        Span::current().record("organization", field::display(&id));
        Ok(Self(id))
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let credentials = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = credentials.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}
