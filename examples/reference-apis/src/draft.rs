//! The IETF draft `draft-ietf-httpapi-idempotency-key-header-07`: the defaults, and a specification that is published.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use idempotent_runtime::axum::idempotent;
use idempotent_runtime::policy::{Description, KeyFormat, Policy, Ttl};
use idempotent_runtime::store::Store;
use idempotent_runtime::{Idempotency, IdempotencyBuilder};
use serde::{Deserialize, Serialize};

use crate::Backend;
use crate::callers::OrgId;
use crate::table::Table;

/// The draft's handle. Its refusals are problem details that link to the documentation; [`app`] serves one as
/// `/idempotency`.
pub fn idempotency(store: impl Store, documentation: impl Into<String>) -> IdempotencyBuilder {
    Idempotency::builder(store)
        .namespace("draft")
        .documentation(documentation)
}

/// The routes.
pub fn app(backend: Backend, idempotency: Idempotency) -> Router {
    let state = App {
        backend,
        orders: Table::default(),
    };
    Router::new()
        .route("/orders", post(create_order).get(list_orders))
        .route("/strict/orders", post(create_order_strictly))
        .route("/json/orders", post(create_order_by_json))
        .route("/fields/orders", post(create_order_by_fields))
        .route("/except/orders", post(create_order_by_all_but_a_field))
        .route("/idempotency", get(documentation))
        .route("/idempotency.json", get(specification))
        .layer(idempotency)
        .with_state(state)
}

#[derive(Clone)]
struct App {
    backend: Backend,
    orders: Table<Order>,
}

/// What orders ask of keys: quoted or bare, kept for two days.
const ORDERS: Policy = Policy::new().ttl(Ttl::days(2));

/// The same for clients that keep to the letter: quoted keys alone.
const STRICT: Policy = ORDERS.key_format(KeyFormat::Quoted);

/// `POST /orders`.
#[idempotent(policy = ORDERS, scope = org)]
async fn create_order(State(app): State<App>, org: OrgId, Json(new): Json<NewOrder>) -> Answer {
    app.order(org, new).await
}

/// `POST /strict/orders`.
#[idempotent(policy = STRICT, scope = org)]
async fn create_order_strictly(
    State(app): State<App>,
    org: OrgId,
    Json(new): Json<NewOrder>,
) -> Answer {
    app.order(org, new).await
}

/// `POST /json/orders`: a request is the same if its JSON is.
#[idempotent(policy = ORDERS, scope = org, fingerprint = json)]
async fn create_order_by_json(
    State(app): State<App>,
    org: OrgId,
    Json(new): Json<NewOrder>,
) -> Answer {
    app.order(org, new).await
}

/// `POST /fields/orders`: a request is the same if it orders the same.
#[idempotent(policy = ORDERS, scope = org, fingerprint = fields("/item", "/quantity"))]
async fn create_order_by_fields(
    State(app): State<App>,
    org: OrgId,
    Json(new): Json<NewOrder>,
) -> Answer {
    app.order(org, new).await
}

/// `POST /except/orders`: a request is the same whenever it was sent.
#[idempotent(policy = ORDERS, scope = org, fingerprint = except("/sent_at"))]
async fn create_order_by_all_but_a_field(
    State(app): State<App>,
    org: OrgId,
    Json(new): Json<NewOrder>,
) -> Answer {
    app.order(org, new).await
}

/// `GET /orders`.
async fn list_orders(State(app): State<App>, org: OrgId) -> Json<Vec<Order>> {
    Json(app.orders.those(|order| order.org == org))
}

/// `GET /idempotency`: the specification for people.
async fn documentation() -> Html<String> {
    let orders = ORDERS.describe();
    let strict = STRICT.describe();
    Html(format!(
        "<!doctype html><title>Idempotency</title>\n\
         <h1>POST /orders</h1>\n<pre>{orders}</pre>\n\
         <h1>POST /strict/orders</h1>\n<pre>{strict}</pre>\n"
    ))
}

/// `GET /idempotency.json`: the same for programs.
async fn specification() -> Json<Specification> {
    Json(Specification {
        orders: ORDERS.describe(),
        strict: STRICT.describe(),
    })
}

#[derive(Serialize)]
struct Specification {
    #[serde(rename = "POST /orders")]
    orders: Description,
    #[serde(rename = "POST /strict/orders")]
    strict: Description,
}

/// An order, or why there is none: there are no unicorns.
type Answer = Result<(StatusCode, Json<Order>), (StatusCode, &'static str)>;

impl App {
    async fn order(&self, org: OrgId, new: NewOrder) -> Answer {
        self.backend.work().await;
        if new.item == "unicorn" {
            return Err((StatusCode::GONE, "sold out"));
        }
        let order = self.orders.insert("order", |id| Order {
            org,
            id,
            item: new.item,
            quantity: new.quantity,
        });
        Ok((StatusCode::CREATED, Json(order)))
    }
}

#[derive(Deserialize)]
struct NewOrder {
    item: String,
    quantity: u32,
}

#[derive(Clone, Serialize)]
struct Order {
    #[serde(skip)]
    org: OrgId,
    id: String,
    item: String,
    quantity: u32,
}
