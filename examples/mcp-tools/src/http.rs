//! The server over streamable HTTP.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::organization::Organization;
use crate::server;

/// The server at `/mcp`. Cancelling `stop` ends its sessions.
pub fn app(app: App, stop: CancellationToken) -> Router {
    let mcp = StreamableHttpService::new(
        move || Ok(server(&app, None)),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default().with_cancellation_token(stop),
    );
    Router::new()
        .route_service("/mcp", mcp)
        .layer(middleware::from_fn(authorize))
}

/// Checks each request before anything reads it, and hands on whose it is: a session's id alone opens nothing.
async fn authorize(mut request: Request, next: Next) -> Response {
    let api_key = bearer(request.headers());
    let Some(organization) = api_key.and_then(Organization::of_api_key) else {
        let challenge = [(WWW_AUTHENTICATE, "Bearer")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    };
    request.extensions_mut().insert(organization);
    next.run(request).await
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let credentials = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = credentials.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}
