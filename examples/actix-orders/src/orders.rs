//! Placing orders, and looking at them.

use std::num::NonZero;

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, get, post, web};
use idempotent_runtime::actix::idempotent;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;

use crate::app::AppState;
use crate::errors::ApiError;
use crate::shops::Shop;

/// `POST /orders`: reserves goods in the warehouse and stores the order.
///
/// Only the attribute was added. A retry with the same key gets the first answer, and nothing is reserved again. If the
/// process dies between the reservation and the row, a retry reserves once more: the README says what to do about it.
#[post("/orders")]
#[idempotent(key = header("Idempotency-Key"), scope = shop, ttl = "24h")]
pub(crate) async fn create(
    app: web::Data<AppState>,
    shop: Shop,
    new: web::Json<NewOrder>,
) -> Result<HttpResponse, ApiError> {
    tracing::info!(quantity = new.quantity, "reserving goods");
    let reservation = app.warehouse.reserve(&new.sku).await?;
    let order = insert(&app, &shop, &new, &reservation).await?;
    tracing::info!(quantity = new.quantity, order = order.id, "order placed");

    let location = format!("/orders/{}", order.id);
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, location))
        .json(order))
}

/// `GET /orders`: a shop's orders, the latest first.
#[get("/orders")]
pub(crate) async fn list(
    app: web::Data<AppState>,
    shop: Shop,
) -> Result<web::Json<Vec<Order>>, ApiError> {
    let orders = sqlx::query_as(
        "SELECT id, sku, quantity, status, reservation, created_at FROM orders
         WHERE shop = ? ORDER BY rowid DESC LIMIT 100",
    )
    .bind(shop.id())
    .fetch_all(&app.database)
    .await?;
    Ok(web::Json(orders))
}

/// `GET /orders/{id}`: one of a shop's orders.
#[get("/orders/{id}")]
pub(crate) async fn show(
    app: web::Data<AppState>,
    shop: Shop,
    id: web::Path<String>,
) -> Result<web::Json<Order>, ApiError> {
    let order = sqlx::query_as(
        "SELECT id, sku, quantity, status, reservation, created_at FROM orders
         WHERE shop = ? AND id = ?",
    )
    .bind(shop.id())
    .bind(id.as_str())
    .fetch_optional(&app.database)
    .await?;
    order.map(web::Json).ok_or(ApiError::NotFound)
}

/// What a client sends.
#[derive(Debug, Deserialize)]
pub(crate) struct NewOrder {
    /// The article.
    pub(crate) sku: String,
    /// How many of it.
    pub(crate) quantity: NonZero<u32>,
}

/// What a client gets.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct Order {
    /// `ord_…`.
    pub(crate) id: String,
    /// The article.
    pub(crate) sku: String,
    /// How many of it.
    pub(crate) quantity: u32,
    /// Whether it will be delivered.
    pub(crate) status: Status,
    /// The warehouse's reservation, `res_…`.
    pub(crate) reservation: String,
    /// In UTC.
    pub(crate) created_at: String,
}

/// Whether an order will be delivered.
#[derive(Clone, Copy, Debug, Serialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(rename_all = "lowercase")]
pub(crate) enum Status {
    /// It will.
    Placed,
    /// It won't, and its goods are back on the shelf.
    Cancelled,
}

async fn insert(
    app: &AppState,
    shop: &Shop,
    new: &NewOrder,
    reservation: &str,
) -> Result<Order, sqlx::Error> {
    sqlx::query_as(
        "INSERT INTO orders (id, shop, sku, quantity, reservation) VALUES (?, ?, ?, ?, ?)
         RETURNING id, sku, quantity, status, reservation, created_at",
    )
    .bind(format!("ord_{}", Uuid::new_v4().simple()))
    .bind(shop.id())
    .bind(&new.sku)
    .bind(new.quantity.get())
    .bind(reservation)
    .fetch_one(&app.database)
    .await
}
