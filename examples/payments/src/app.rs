//! The routes, and what their handlers share.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::{get, post};
use idempotent_runtime::Idempotency;
use sqlx::SqlitePool;
use tower_http::trace::{DefaultOnResponse, TraceLayer};
use tracing::{Level, Span, field, info_span};

use crate::provider::CardProvider;
use crate::{payments, refunds};

/// What all handlers share.
#[derive(Clone, Debug)]
pub struct App {
    /// The application's own tables.
    pub database: SqlitePool,
    /// Who charges the cards.
    pub provider: Arc<CardProvider>,
}

/// The whole application, ready to be served.
pub fn app(app: App, idempotency: Idempotency) -> Router {
    let trace = TraceLayer::new_for_http()
        .make_span_with(request_span)
        .on_response(DefaultOnResponse::new().level(Level::INFO));
    Router::new()
        .route("/payments", post(payments::create).get(payments::list))
        .route("/payments/{id}", get(payments::show))
        .route("/payments/{id}/refunds", post(refunds::create))
        .layer(idempotency)
        .layer(trace)
        .with_state(app)
}

/// The organization is recorded once its API key is known.
fn request_span(request: &Request) -> Span {
    info_span!(
        "request",
        method = %request.method(),
        path = request.uri().path(),
        organization = field::Empty,
    )
}
