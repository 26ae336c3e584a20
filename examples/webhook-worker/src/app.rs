//! Receiving webhooks.

use std::time::SystemTime;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use sqlx::PgPool;

use crate::events::{Event, Payload};
use crate::queue::Queue;
use crate::signature::Signed;

/// What the handler needs.
#[derive(Clone, Debug)]
pub struct AppState {
    /// The application's tables.
    pub database: PgPool,
    /// Where jobs go.
    pub queue: Queue,
}

/// The route of the webhooks, ready to be served.
pub fn app(state: AppState) -> Router {
    Router::new()
        .route("/webhooks/{shop}", post(receive))
        .with_state(state)
}

/// `POST /webhooks/{shop}`: puts an event into the queue and answers at once, so that the sender doesn't wait for the work.
///
/// The sender repeats a webhook until it gets a 2xx. As long as the job is in the queue, a repetition changes nothing. Later
/// it becomes another job, which finds the recorded outcome of the first.
async fn receive(
    State(app): State<AppState>,
    Path(shop): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, ReceiveError> {
    let signed = Signed::read(&headers).ok_or(ReceiveError::Unsigned)?;
    let secret: String = sqlx::query_scalar("SELECT webhook_secret FROM shops WHERE id = $1")
        .bind(&shop)
        .fetch_optional(&app.database)
        .await?
        .ok_or(ReceiveError::Unsigned)?;
    if !signed.is_valid(&secret, &body, SystemTime::now()) {
        return Err(ReceiveError::Unsigned);
    }
    let payload: Payload = serde_json::from_slice(&body)?;
    if payload.kind != "order.paid" {
        return Ok(StatusCode::NO_CONTENT);
    }
    let event = Event {
        shop,
        id: signed.id.to_owned(),
        parcel: serde_json::from_value(payload.data)?,
    };
    let is_new = app.queue.push(&event).await?;
    tracing::info!(event.shop, event.id, is_new, "webhook received");
    Ok(StatusCode::ACCEPTED)
}

/// Why a webhook was not taken. The sender sends it again.
#[derive(Debug, thiserror::Error)]
enum ReceiveError {
    #[error("the webhook is not signed with this shop's secret, or was signed too long ago")]
    Unsigned,
    #[error("the body is not an event: {0}")]
    Body(#[from] serde_json::Error),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl IntoResponse for ReceiveError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Unsigned => StatusCode::UNAUTHORIZED,
            Self::Body(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Database(error) => {
                tracing::error!(
                    error = error as &dyn std::error::Error,
                    "the database failed"
                );
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        (status, self.to_string()).into_response()
    }
}
