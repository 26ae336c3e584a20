use std::fmt;
use std::future::{Ready, ready};
use std::sync::{Mutex, PoisonError};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{
    App, FromRequest, HttpRequest, HttpResponse, HttpServer, ResponseError, post, web,
};
use serde::{Deserialize, Serialize};

#[derive(Default)]
pub struct Shop {
    pub orders: Mutex<Vec<Order>>,
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

impl FromRequest for TenantId {
    type Error = ShopError;
    type Future = Ready<Result<Self, ShopError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let token = request.headers().get("authorization");
        let token = token.and_then(|it| it.to_str().ok());
        ready(
            token
                .map(|it| Self(it.to_owned()))
                .ok_or(ShopError::Unauthorized),
        )
    }
}

#[derive(Debug)]
enum ShopError {
    Unauthorized,
    SoldOut,
}

impl fmt::Display for ShopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unauthorized => "unauthorized",
            Self::SoldOut => "sold out",
        })
    }
}

impl ResponseError for ShopError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::SoldOut => StatusCode::CONFLICT,
        }
    }
}

#[post("/orders")]
async fn create_order(
    shop: web::Data<Shop>,
    tenant: TenantId,
    new: web::Json<NewOrder>,
) -> Result<HttpResponse, ShopError> {
    if new.item == "unicorn" {
        return Err(ShopError::SoldOut);
    }
    let mut orders = shop.orders.lock().unwrap_or_else(PoisonError::into_inner);
    let order = Order {
        number: orders.len() + 1,
        tenant: tenant.0,
        item: new.into_inner().item,
    };
    orders.push(order.clone());
    Ok(HttpResponse::Created().json(order))
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(create_order);
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shop = web::Data::new(Shop::default());
    HttpServer::new(move || App::new().app_data(shop.clone()).configure(routes))
        .bind("127.0.0.1:3000")?
        .run()
        .await?;
    Ok(())
}
