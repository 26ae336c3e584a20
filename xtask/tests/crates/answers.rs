//! The handlers of three crates answer alike, and those that are wrapped answer a retry from the record.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::{Extension, Router};
use idempotent_runtime::{Idempotency, MemoryStore};
use tower::ServiceExt as _;

use super::app::App;
use super::protect::Guard;
use super::{annotated, bare, by_hand};

fn create(title: &str) -> Request {
    let body = serde_json::json!({ "title": title, "amount": 7, "currency": "EUR" });
    Request::post("/invoice0")
        .header("content-type", "application/json")
        .header("x-org", "7")
        .header("idempotency-key", "a-key")
        .body(Body::from(body.to_string()))
        .unwrap()
}

async fn answer(app: &Router, title: &str) -> (StatusCode, bool, String) {
    let answer = app.clone().oneshot(create(title)).await.unwrap();
    let (status, replayed) = (
        answer.status(),
        answer.headers().contains_key("idempotency-replayed"),
    );
    let body = to_bytes(answer.into_body(), 100_000).await.unwrap();
    (status, replayed, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn all_answer_alike_and_the_wrapped_replay() {
    let bare = bare::router().with_state(App::default());
    let annotated = annotated::router()
        .layer(Idempotency::new(MemoryStore::new()))
        .with_state(App::default());
    let by_hand = by_hand::router()
        .layer(Extension(Guard(Arc::new(MemoryStore::new()))))
        .with_state(App::default());
    let first = answer(&bare, "one").await;
    assert_eq!((first.0, first.1), (StatusCode::CREATED, false));
    for app in [annotated, by_hand] {
        assert_eq!(answer(&app, "one").await, first);
        assert_eq!(answer(&app, "one").await, (first.0, true, first.2.clone()));
        assert_eq!(
            answer(&app, "two").await.0,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }
}
