use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::{Idempotency, SqliteStore};
use serde::{Deserialize, Serialize};

#[derive(Clone, Default)]
pub struct Shop {
    pub orders: Arc<Mutex<Vec<Order>>>,
}

#[derive(Clone, Serialize)]
pub struct Order {
    number: usize,
    tenant: String,
    item: String,
}

#[derive(Deserialize)]
struct NewOrder {
    item: String,
}

/// Who calls: a token that a real application would look up.
struct TenantId(String);

impl<S: Sync> FromRequestParts<S> for TenantId {
    type Rejection = ShopError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ShopError> {
        let token = parts.headers.get("authorization");
        let token = token
            .and_then(|it| it.to_str().ok())
            .ok_or(ShopError::Unauthorized)?;
        Ok(Self(token.to_owned()))
    }
}

enum ShopError {
    Unauthorized,
    SoldOut,
}

impl IntoResponse for ShopError {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED.into_response(),
            Self::SoldOut => (StatusCode::CONFLICT, "sold out").into_response(),
        }
    }
}

async fn create_order(
    State(shop): State<Shop>,
    tenant: TenantId,
    Json(new): Json<NewOrder>,
) -> Result<(StatusCode, Json<Order>), ShopError> {
    if new.item == "unicorn" {
        return Err(ShopError::SoldOut);
    }
    let mut orders = shop.orders.lock().unwrap_or_else(PoisonError::into_inner);
    let order = Order {
        number: orders.len() + 1,
        tenant: tenant.0,
        item: new.item,
    };
    orders.push(order.clone());
    Ok((StatusCode::CREATED, Json(order)))
}

pub fn app(shop: Shop, idempotency: Idempotency) -> Router {
    Router::new()
        .route("/orders", post(create_order))
        .layer(idempotency)
        .with_state(shop)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let idempotency = Idempotency::new(SqliteStore::open("idempotency.db").await?);
    let app = app(Shop::default(), idempotency.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app)
        .with_graceful_shutdown(stopped())
        .await?;
    idempotency.shutdown(Duration::from_secs(30)).await;
    Ok(())
}

async fn stopped() {
    let _ = tokio::signal::ctrl_c().await;
}
