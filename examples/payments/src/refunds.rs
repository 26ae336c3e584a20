//! Giving money back.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use idempotent_runtime::axum::idempotent;
use serde::Serialize;
use sqlx::FromRow;

use crate::app::App;
use crate::errors::ApiError;
use crate::organizations::Organization;

/// `POST /payments/{id}/refunds`: gives all of a payment's money back.
///
/// `abandoned = refuse`: if the process dies in the middle, nobody knows whether the provider has paid. The retry is
/// told so, with 409, instead of paying again.
#[idempotent(key = header("Idempotency-Key"), scope = org, ttl = "24h", abandoned = refuse)]
pub(crate) async fn create(
    State(app): State<App>,
    org: Organization,
    Path(payment): Path<String>,
) -> Result<(StatusCode, Json<Refund>), ApiError> {
    let refund = refund(&app, &org, &payment).await?;
    Ok((StatusCode::CREATED, Json(refund)))
}

/// What a client gets.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct Refund {
    /// `re_…`.
    pub(crate) id: String,
    /// The payment whose money went back.
    pub(crate) payment: String,
    /// In the currency's smallest unit.
    pub(crate) amount: u32,
    /// In UTC.
    pub(crate) created_at: String,
}

async fn refund(app: &App, org: &Organization, payment: &str) -> Result<Refund, ApiError> {
    // Before the provider is asked: of two refunds under different keys one gets past here.
    let marked: Option<(String, u32)> = sqlx::query_as(
        "UPDATE payments SET status = 'refunded'
         WHERE organization = ? AND id = ? AND status = 'succeeded' RETURNING charge, amount",
    )
    .bind(org.id())
    .bind(payment)
    .fetch_optional(&app.database)
    .await?;
    let Some((charge, amount)) = marked else {
        return Err(why_not(app, org, payment).await?);
    };
    let id = app.provider.refund(&charge);
    let refund = sqlx::query_as(
        "INSERT INTO refunds (id, payment, amount) VALUES (?, ?, ?)
         RETURNING id, payment, amount, created_at",
    )
    .bind(id)
    .bind(payment)
    .bind(amount)
    .fetch_one(&app.database)
    .await?;
    Ok(refund)
}

async fn why_not(app: &App, org: &Organization, payment: &str) -> Result<ApiError, sqlx::Error> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM payments WHERE organization = ? AND id = ?")
            .bind(org.id())
            .bind(payment)
            .fetch_optional(&app.database)
            .await?;
    Ok(found.map_or(ApiError::NotFound, |_| ApiError::AlreadyRefunded))
}
