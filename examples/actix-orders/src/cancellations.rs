//! Cancelling orders.

use actix_web::http::StatusCode;
use actix_web::{post, web};
use idempotent_runtime::actix::idempotent;
use sqlx::SqlitePool;

use crate::app::AppState;
use crate::errors::ApiError;
use crate::orders::Order;
use crate::shops::Shop;

/// `POST /orders/{id}/cancellation`: puts an order's goods back on the shelf.
///
/// `abandoned = refuse`: if the process dies in the middle, nobody knows whether the goods are back. The retry is told so,
/// with 409, and nothing is put back twice.
#[idempotent(key = header("Idempotency-Key"), scope = shop, ttl = "24h", abandoned = refuse)]
#[post("/orders/{id}/cancellation")]
pub(crate) async fn create(
    app: web::Data<AppState>,
    shop: Shop,
    id: web::Path<String>,
) -> Result<(web::Json<Order>, StatusCode), ApiError> {
    // Before the warehouse is asked: of two cancellations under different keys, one gets past here.
    let cancelled: Option<Order> = sqlx::query_as(
        "UPDATE orders SET status = 'cancelled' WHERE shop = ? AND id = ? AND status = 'placed'
         RETURNING id, sku, quantity, status, reservation, created_at",
    )
    .bind(shop.id())
    .bind(id.as_str())
    .fetch_optional(&app.database)
    .await?;
    let Some(order) = cancelled else {
        return Err(why_not(&app.database, &shop, &id).await?);
    };
    app.warehouse.put_back(&order.reservation);
    Ok((web::Json(order), StatusCode::CREATED))
}

async fn why_not(database: &SqlitePool, shop: &Shop, id: &str) -> Result<ApiError, sqlx::Error> {
    let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM orders WHERE shop = ? AND id = ?")
        .bind(shop.id())
        .bind(id)
        .fetch_optional(database)
        .await?;
    Ok(found.map_or(ApiError::NotFound, |_| ApiError::AlreadyCancelled))
}
