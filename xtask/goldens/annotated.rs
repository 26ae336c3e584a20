use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::{Replay, idempotent};
use serde::{Deserialize, Serialize};

use super::app::{ApiError, App, Choice, OrgId};

impl Replay for ApiError {}

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

#[idempotent(scope = org.0)]
pub async fn create_invoice0(State(app): State<App>, org: OrgId, Json(input): Json<NewInvoice0>) -> Result<(StatusCode, Json<Invoice0>), ApiError> {
    let id = app.insert("invoice0", &input).await?;
    Ok((StatusCode::CREATED, Json(Invoice0 { id, org: org.0, is: input })))
}

#[idempotent(scope = (org.0, id))]
pub async fn update_invoice0(State(app): State<App>, Path(id): Path<u64>, org: OrgId, Json(input): Json<ChangeInvoice0>) -> Result<Json<Invoice0>, ApiError> {
    if input.reason.is_empty() {
        return Err(ApiError::Invalid("reason"));
    }
    let was = app.find("invoice0", id).await?;
    let now = app.insert("invoice0", &input.to).await?;
    let id = was["id"].as_u64().unwrap_or(now);
    Ok(Json(Invoice0 { id, org: org.0, is: input.to }))
}

#[idempotent(scope = org.0, key = header("x-idempotency-key"))]
pub async fn step_invoice0(State(app): State<App>, org: OrgId, Path((id, step)): Path<(u64, u32)>) -> Result<StatusCode, ApiError> {
    app.find("invoice0", id).await?;
    app.insert("invoice0-step", &(id, step, org.0)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[idempotent(scope = org.0)]
pub async fn batch_invoice0(State(app): State<App>, org: OrgId, Path(id): Path<u64>, Query(choice): Query<Choice>, Json(input): Json<Vec<NewInvoice0>>) -> Result<(StatusCode, Json<Vec<Invoice0>>), ApiError> {
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

#[idempotent(scope = org.0, key = header("x-idempotency-key"), pending = reject(425))]
pub async fn create_order1(State(app): State<App>, org: OrgId, Json(input): Json<NewOrder1>) -> Result<(StatusCode, Json<Order1>), ApiError> {
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
}

#[idempotent(scope = (org.0, id), ttl = "72h")]
pub async fn update_order1(State(app): State<App>, Path(id): Path<u64>, org: OrgId, Json(input): Json<ChangeOrder1>) -> Result<Json<Order1>, ApiError> {
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
}

#[idempotent(scope = org.0)]
pub async fn step_order1(State(app): State<App>, org: OrgId, Path((id, step)): Path<(u64, u32)>) -> Result<StatusCode, ApiError> {
    app.find("order1", id).await?;
    app.insert("order1-step", &(id, step, org.0)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[idempotent(scope = global, lease = "10s")]
pub async fn estimate_order1(Json(input): Json<NewOrder1>) -> Json<Order1> {
    let id = input.title.len() as u64;
    Json(Order1 { id, org: 0, is: input })
}
