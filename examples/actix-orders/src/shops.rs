//! Who is calling.

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::{FutureExt as _, LocalBoxFuture};
use idempotent_runtime::ScopeKey;
use tracing::{Span, field};

use crate::app::AppState;
use crate::errors::ApiError;

/// The shop that an API key belongs to. As a scope, it keeps the idempotency keys of one shop apart from those of another.
#[derive(Clone, Debug, ScopeKey)]
pub(crate) struct Shop(String);

impl Shop {
    /// Its id in the database.
    pub(crate) fn id(&self) -> &str {
        &self.0
    }
}

impl FromRequest for Shop {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        authenticate(request).boxed_local()
    }
}

async fn authenticate(request: HttpRequest) -> Result<Shop, ApiError> {
    let app = request
        .app_data::<web::Data<AppState>>()
        .ok_or(ApiError::Misconfigured)?;
    let api_key = bearer(&request).ok_or(ApiError::UnknownApiKey)?;
    let id: String = sqlx::query_scalar("SELECT id FROM shops WHERE api_key = ?")
        .bind(api_key)
        .fetch_optional(&app.database)
        .await?
        .ok_or(ApiError::UnknownApiKey)?;
    Span::current().record("shop", field::display(&id));
    Ok(Shop(id))
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let credentials = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = credentials.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}
