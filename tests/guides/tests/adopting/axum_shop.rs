//! The application on axum.

mod step_0;
mod step_1;
mod step_2;
mod step_3;
mod step_4;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use idempotent_runtime::{Idempotency, MemoryStore};
use tower::ServiceExt as _;

struct Answer {
    status: StatusCode,
    replayed: bool,
    body: String,
}

/// Orders something, as a tenant, with or without a key.
async fn order(app: &Router, tenant: &str, key: Option<&str>, item: &str) -> Answer {
    let mut request = Request::post("/orders")
        .header("authorization", tenant)
        .header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let body = serde_json::json!({ "item": item }).to_string();
    let request = request.body(Body::from(body)).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let replayed = response.headers().contains_key("idempotency-replayed");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    Answer {
        status,
        replayed,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

fn handle() -> Idempotency {
    Idempotency::new(MemoryStore::new())
}

/// A retry with a key gets the first answer, whatever that was; another tenant's key is another key.
async fn keys_are_kept(app: &Router, orders: impl Fn() -> usize) {
    let before = orders();
    let first = order(app, "acme", Some("k1"), "lamp").await;
    let retry = order(app, "acme", Some("k1"), "lamp").await;
    assert_eq!((first.status, first.replayed), (StatusCode::CREATED, false));
    assert_eq!((retry.status, retry.replayed), (StatusCode::CREATED, true));
    assert_eq!(retry.body, first.body);
    order(app, "globex", Some("k1"), "lamp").await;
    assert_eq!(orders(), before + 2);

    let refused = order(app, "acme", Some("k2"), "unicorn").await;
    let again = order(app, "acme", Some("k2"), "unicorn").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!((again.status, again.replayed), (StatusCode::CONFLICT, true));
}

#[tokio::test]
async fn before_any_handler_is_annotated_nothing_has_changed() {
    let shop = step_0::Shop::default();
    let app = step_0::app(shop.clone());
    for _ in 0..2 {
        order(&app, "acme", Some("k1"), "lamp").await;
    }
    assert_eq!(shop.orders.lock().unwrap().len(), 2);

    let shop = step_1::Shop::default();
    let app = step_1::app(shop.clone(), handle());
    for _ in 0..2 {
        order(&app, "acme", Some("k1"), "lamp").await;
    }
    assert_eq!(shop.orders.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn under_unprotected_keys_are_kept_and_nobody_needs_one() {
    let shop = step_2::Shop::default();
    let app = step_2::app(shop.clone(), handle());
    for _ in 0..2 {
        let answer = order(&app, "acme", None, "lamp").await;
        assert_eq!(answer.status, StatusCode::CREATED);
    }
    assert_eq!(shop.orders.lock().unwrap().len(), 2);
    keys_are_kept(&app, || shop.orders.lock().unwrap().len()).await;
}

#[tokio::test]
async fn under_reject_who_sends_no_key_is_refused() {
    let shop = step_4::Shop::default();
    let app = step_4::app(shop.clone(), handle());
    let answer = order(&app, "acme", None, "lamp").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("idempotency_key_missing"));
    assert_eq!(shop.orders.lock().unwrap().len(), 0);
    keys_are_kept(&app, || shop.orders.lock().unwrap().len()).await;
}
