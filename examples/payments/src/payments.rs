//! Making payments, and looking at them.

use std::num::NonZero;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use idempotent_runtime::axum::idempotent;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;

use crate::app::App;
use crate::errors::ApiError;
use crate::organizations::Organization;

/// `POST /payments`: charges a card.
///
/// The attribute is all that was added. A retry with the same key gets the first answer, and the card is not charged
/// again. Only a process that dies between the charge and the row leaves a retry to charge anew, once its lease is over:
/// the README says what to do about it.
#[idempotent(key = header("Idempotency-Key"), scope = org, ttl = "24h")]
pub(crate) async fn create(
    State(app): State<App>,
    org: Organization,
    Json(new): Json<NewPayment>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Payment>), ApiError> {
    tracing::info!(amount = new.amount, "charging a card");
    let charge = app.provider.charge(&new.source).await?;
    let payment = insert(&app, &org, &new, &charge).await?;
    tracing::info!(amount = new.amount, payment = payment.id, "payment made");

    let location = format!("/payments/{}", payment.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(payment)))
}

/// `GET /payments`: an organization's payments, the latest first.
pub(crate) async fn list(
    State(app): State<App>,
    org: Organization,
) -> Result<Json<Vec<Payment>>, ApiError> {
    let payments = sqlx::query_as(
        "SELECT id, amount, currency, status, charge, created_at FROM payments
         WHERE organization = ? ORDER BY rowid DESC LIMIT 100",
    )
    .bind(org.id())
    .fetch_all(&app.database)
    .await?;
    Ok(Json(payments))
}

/// `GET /payments/{id}`: one of an organization's payments.
pub(crate) async fn show(
    State(app): State<App>,
    org: Organization,
    Path(id): Path<String>,
) -> Result<Json<Payment>, ApiError> {
    let payment = sqlx::query_as(
        "SELECT id, amount, currency, status, charge, created_at FROM payments
         WHERE organization = ? AND id = ?",
    )
    .bind(org.id())
    .bind(id)
    .fetch_optional(&app.database)
    .await?;
    payment.map(Json).ok_or(ApiError::NotFound)
}

/// What a client sends.
#[derive(Debug, Deserialize)]
pub(crate) struct NewPayment {
    /// In the currency's smallest unit.
    pub(crate) amount: NonZero<u32>,
    /// What the amount is counted in.
    pub(crate) currency: Currency,
    /// The card, as the provider's token.
    pub(crate) source: String,
}

/// What a client gets.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct Payment {
    /// `pay_…`.
    pub(crate) id: String,
    /// In the currency's smallest unit.
    pub(crate) amount: u32,
    /// What the amount is counted in.
    pub(crate) currency: Currency,
    /// Where the money is.
    pub(crate) status: Status,
    /// The provider's charge, `ch_…`.
    pub(crate) charge: String,
    /// In UTC.
    pub(crate) created_at: String,
}

/// The currencies that the provider takes.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, sqlx::Type)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
pub(crate) enum Currency {
    /// Euro.
    Eur,
    /// Pound sterling.
    Gbp,
    /// US dollar.
    Usd,
}

/// Where a payment's money is.
#[derive(Clone, Copy, Debug, Serialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(rename_all = "lowercase")]
pub(crate) enum Status {
    /// With the organization.
    Succeeded,
    /// Back with the customer.
    Refunded,
}

async fn insert(
    app: &App,
    org: &Organization,
    new: &NewPayment,
    charge: &str,
) -> Result<Payment, sqlx::Error> {
    sqlx::query_as(
        "INSERT INTO payments (id, organization, amount, currency, charge) VALUES (?, ?, ?, ?, ?)
         RETURNING id, amount, currency, status, charge, created_at",
    )
    .bind(format!("pay_{}", Uuid::new_v4().simple()))
    .bind(org.id())
    .bind(new.amount.get())
    .bind(new.currency)
    .bind(charge)
    .fetch_one(&app.database)
    .await
}
