//! Who is calling.

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode};
use idempotent_runtime::ScopeKey;

/// An API key, from `Authorization: Bearer …`. Here any text is one.
#[derive(Clone, Debug, PartialEq, Eq, ScopeKey)]
pub(crate) struct ApiKey(String);

/// The organization that an API key belongs to. Here it is what stands before the key's first underscore, so that
/// `acme_1` and `acme_2` are two keys of one organization.
#[derive(Clone, Debug, PartialEq, Eq, ScopeKey)]
pub(crate) struct OrgId(String);

/// The answer to a request without an API key.
pub(crate) type Unauthorized = (StatusCode, [(HeaderName, &'static str); 1]);

const UNAUTHORIZED: Unauthorized = (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")]);

impl<S: Sync> FromRequestParts<S> for ApiKey {
    type Rejection = Unauthorized;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Unauthorized> {
        let api_key = bearer(parts).filter(|api_key| !api_key.is_empty());
        api_key.map(Self).ok_or(UNAUTHORIZED)
    }
}

impl<S: Sync> FromRequestParts<S> for OrgId {
    type Rejection = Unauthorized;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Unauthorized> {
        let ApiKey(api_key) = ApiKey::from_request_parts(parts, state).await?;
        let organization = api_key.split('_').next().unwrap_or_default();
        Ok(Self(organization.to_owned()))
    }
}

fn bearer(parts: &Parts) -> Option<String> {
    let credentials = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = credentials.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("Bearer")
        .then(|| token.trim().to_owned())
}
