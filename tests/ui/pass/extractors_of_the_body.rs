//! Every extractor of axum that takes the body, taken apart in the last argument.
#![deny(warnings)]

use std::collections::HashMap;

use axum::body::{Body, Bytes};
use axum::extract::rejection::{BytesRejection, FormRejection, JsonRejection, StringRejection};
use axum::extract::{Form, Multipart, RawForm, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::post;
use axum::{Json, Router};
use bytes::BytesMut;
use idempotent_runtime::axum::idempotent;
use serde::Deserialize;

#[derive(Deserialize)]
struct NewTask {
    org: u64,
    title: String,
}

#[idempotent(scope = task.org, key = &task.title)]
async fn json(Json(task): Json<NewTask>) -> String {
    task.title
}

#[idempotent(scope = org, key = title)]
async fn json_fields(Json(NewTask { org, title }): Json<NewTask>) -> String {
    format!("{org} {title}")
}

#[idempotent(scope = org)]
async fn form(Form(NewTask { org, mut title }): Form<NewTask>) -> String {
    title.push_str(&org.to_string());
    title
}

#[idempotent(scope = form.len())]
async fn raw_form(RawForm(form): RawForm) -> Bytes {
    form
}

#[idempotent(scope = body.len())]
async fn bytes(body: Bytes) -> Bytes {
    body
}

#[idempotent(scope = body.len())]
async fn bytes_to_change(mut body: BytesMut) -> BytesMut {
    body.truncate(3);
    body
}

#[idempotent(scope = body)]
async fn text(body: String) -> String {
    body
}

#[idempotent(scope = request.uri().path())]
async fn request(request: Request) -> StatusCode {
    drop(request);
    StatusCode::OK
}

#[idempotent(scope = global)]
async fn body(Parts { method, .. }: Parts, body: Body) -> Result<(StatusCode, Bytes), StatusCode> {
    let read = axum::body::to_bytes(body, 1024).await;
    let read = read.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    Ok((
        if method == "PUT" {
            StatusCode::OK
        } else {
            StatusCode::CREATED
        },
        read,
    ))
}

#[idempotent(scope = global)]
async fn multipart(mut parts: Multipart) -> Result<String, StatusCode> {
    let mut names = Vec::new();
    while let Some(field) = parts.next_field().await.map_err(|error| error.status())? {
        names.push(field.name().unwrap_or_default().to_owned());
    }
    Ok(names.join(" "))
}

#[idempotent(scope = global)]
async fn perhaps_json(body: Option<Json<NewTask>>) -> StatusCode {
    body.map_or(StatusCode::NO_CONTENT, |Json(_)| StatusCode::OK)
}

#[idempotent(scope = global)]
async fn json_or_not(body: Result<Json<NewTask>, JsonRejection>) -> Result<String, JsonRejection> {
    let Json(NewTask { title, .. }) = body?;
    Ok(title)
}

#[idempotent(scope = global)]
async fn form_or_not(
    body: Result<Form<HashMap<String, String>>, FormRejection>,
) -> Result<(), FormRejection> {
    body.map(|Form(fields)| drop(fields))
}

#[idempotent(scope = global)]
async fn bytes_or_not(body: Result<Bytes, BytesRejection>) -> Result<Bytes, BytesRejection> {
    body
}

#[idempotent(scope = global)]
async fn text_or_not(body: Result<String, StringRejection>) -> Result<String, StringRejection> {
    body
}

fn main() {
    let _: Router = Router::new()
        .route("/a", post(json))
        .route("/b", post(json_fields))
        .route("/c", post(form))
        .route("/d", post(raw_form))
        .route("/e", post(bytes))
        .route("/f", post(bytes_to_change))
        .route("/g", post(text))
        .route("/h", post(request))
        .route("/i", post(body))
        .route("/j", post(multipart))
        .route("/k", post(perhaps_json))
        .route("/l", post(json_or_not))
        .route("/m", post(form_or_not))
        .route("/n", post(bytes_or_not))
        .route("/o", post(text_or_not));
}
