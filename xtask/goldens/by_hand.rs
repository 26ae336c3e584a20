use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::Takeover;
use serde::{Deserialize, Serialize};

use super::app::{ApiError, App, Choice, OrgId};
use super::protect::{Call, Keyed, Options, protect};

pub fn router() -> Router<App> {
    Router::new()
        .route("/invoice0", post(create_invoice0))
        .route("/invoice0/{id}", post(update_invoice0))
        .route("/invoice0/{id}/steps/{step}", post(step_invoice0))
        .route("/invoice0/{id}/lines", post(batch_invoice0))
        .route("/order1", post(create_order1))
        .route("/order1/{id}", post(update_order1))
        .route("/order1/{id}/steps/{step}", post(step_order1))
        .route("/order1/estimates", post(estimate_order1))
}

#[derive(Debug, Deserialize, Serialize)]
pub struct NewInvoice0 {
    pub title: String,
    pub amount: u64,
    pub currency: String,
}

#[derive(Debug, Deserialize, Serialize)]
pub struct ChangeInvoice0 {
    pub reason: String,
    pub to: NewInvoice0,
}

#[derive(Debug, Serialize)]
pub struct Invoice0 {
    pub id: u64,
    pub org: u64,
    #[serde(flatten)]
    pub is: NewInvoice0,
}

pub async fn create_invoice0(State(app): State<App>, org: OrgId, Keyed(call, Json(input)): Keyed<Json<NewInvoice0>>) -> Response {
    static OPTIONS: Options = Options::DEFAULT;
    protect::<Result<(StatusCode, Json<Invoice0>), ApiError>>(call, &OPTIONS, &[org.0], async move {
        let id = app.insert("invoice0", &input).await?;
        Ok((StatusCode::CREATED, Json(Invoice0 { id, org: org.0, is: input })))
    })
    .await
}

pub async fn update_invoice0(State(app): State<App>, Path(id): Path<u64>, org: OrgId, Keyed(call, Json(input)): Keyed<Json<ChangeInvoice0>>) -> Response {
    static OPTIONS: Options = Options::DEFAULT;
    protect::<Result<Json<Invoice0>, ApiError>>(call, &OPTIONS, &[org.0, id], async move {
        if input.reason.is_empty() {
            return Err(ApiError::Invalid("reason"));
        }
        let was = app.find("invoice0", id).await?;
        let now = app.insert("invoice0", &input.to).await?;
        let id = was["id"].as_u64().unwrap_or(now);
        Ok(Json(Invoice0 { id, org: org.0, is: input.to }))
    })
    .await
}

pub async fn step_invoice0(State(app): State<App>, org: OrgId, Path((id, step)): Path<(u64, u32)>, call: Call) -> Response {
    static OPTIONS: Options = Options { header: "x-idempotency-key", ..Options::DEFAULT };
    protect::<Result<StatusCode, ApiError>>(call, &OPTIONS, &[org.0], async move {
        app.find("invoice0", id).await?;
        app.insert("invoice0-step", &(id, step, org.0)).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

pub async fn batch_invoice0(State(app): State<App>, org: OrgId, Path(id): Path<u64>, Query(choice): Query<Choice>, Keyed(call, Json(input)): Keyed<Json<Vec<NewInvoice0>>>) -> Response {
    static OPTIONS: Options = Options::DEFAULT;
    protect::<Result<(StatusCode, Json<Vec<Invoice0>>), ApiError>>(call, &OPTIONS, &[org.0], async move {
        app.find("invoice0", id).await?;
        let mut made = Vec::new();
        for line in input.into_iter().take(choice.limit.unwrap_or(100)) {
            let id = match choice.dry_run {
                Some(true) => 0,
                _ => app.insert("invoice0-line", &line).await?,
            };
            made.push(Invoice0 { id, org: org.0, is: line });
        }
        Ok((StatusCode::CREATED, Json(made)))
    })
    .await
}

#[derive(Debug, Deserialize, Serialize)]
pub struct NewOrder1 {
    pub title: String,
    pub amount: u64,
    pub currency: String,
    pub note: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
pub struct ChangeOrder1 {
    pub reason: String,
    pub to: NewOrder1,
}

#[derive(Debug, Serialize)]
pub struct Order1 {
    pub id: u64,
    pub org: u64,
    #[serde(flatten)]
    pub is: NewOrder1,
}

pub async fn create_order1(State(app): State<App>, org: OrgId, Keyed(call, Json(input)): Keyed<Json<NewOrder1>>) -> Response {
    static OPTIONS: Options = Options { header: "x-idempotency-key", pending: 425, ..Options::DEFAULT };
    protect::<Result<(StatusCode, Json<Order1>), ApiError>>(call, &OPTIONS, &[org.0], async move {
        if input.title.is_empty() {
            return Err(ApiError::Invalid("title"));
        }
        if input.amount == 0 {
            return Err(ApiError::Invalid("amount"));
        }
        if input.currency.is_empty() {
            return Err(ApiError::Invalid("currency"));
        }
        if input.note.as_deref().is_some_and(str::is_empty) {
            return Err(ApiError::Invalid("note"));
        }
        let id = app.insert("order1", &input).await?;
        Ok((StatusCode::CREATED, Json(Order1 { id, org: org.0, is: input })))
    })
    .await
}

pub async fn update_order1(State(app): State<App>, Path(id): Path<u64>, org: OrgId, Keyed(call, Json(input)): Keyed<Json<ChangeOrder1>>) -> Response {
    static OPTIONS: Options = Options { ttl: Ttl::hours(72), ..Options::DEFAULT };
    protect::<Result<Json<Order1>, ApiError>>(call, &OPTIONS, &[org.0, id], async move {
        if input.reason.is_empty() {
            return Err(ApiError::Invalid("reason"));
        }
        if input.to.title.is_empty() {
            return Err(ApiError::Invalid("title"));
        }
        if input.to.amount == 0 {
            return Err(ApiError::Invalid("amount"));
        }
        if input.to.currency.is_empty() {
            return Err(ApiError::Invalid("currency"));
        }
        if input.to.note.as_deref().is_some_and(str::is_empty) {
            return Err(ApiError::Invalid("note"));
        }
        let was = app.find("order1", id).await?;
        let now = app.insert("order1", &input.to).await?;
        let id = was["id"].as_u64().unwrap_or(now);
        Ok(Json(Order1 { id, org: org.0, is: input.to }))
    })
    .await
}

pub async fn step_order1(State(app): State<App>, org: OrgId, Path((id, step)): Path<(u64, u32)>, call: Call) -> Response {
    static OPTIONS: Options = Options::DEFAULT;
    protect::<Result<StatusCode, ApiError>>(call, &OPTIONS, &[org.0], async move {
        app.find("order1", id).await?;
        app.insert("order1-step", &(id, step, org.0)).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

pub async fn estimate_order1(Keyed(call, Json(input)): Keyed<Json<NewOrder1>>) -> Response {
    static OPTIONS: Options = Options { lease: Duration::from_secs(10), ..Options::DEFAULT };
    protect::<Json<Order1>>(call, &OPTIONS, &[], async move {
        let id = input.title.len() as u64;
        Json(Order1 { id, org: 0, is: input })
    })
    .await
}
