//! Moda.

use idempotent_runtime::MemoryStore;
use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::store::Store;
use idempotent_tests::{Gate, Reply};
use reference_apis::{Backend, moda};
use reqwest::Method;
use serde_json::json as value;

use crate::support::{
    Api, DAY, MILLISECOND, assert_same, at_the_gate, error, gated, json, just_before, store_on,
    text,
};

const TASKS: &str = "/v1/tasks";
const WEBHOOK: &str = "/webhooks/moda";
const CALLER: (&str, &str) = ("authorization", "Bearer acme");
const DECK: &str = r#"{"idempotency_key":"weekly-deck:2026-W17","prompt":"the weekly deck"}"#;

#[tokio::test]
async fn the_key_is_an_optional_field_of_the_body() {
    let api = serve(MemoryStore::new()).await;
    for (made, body) in [
        r#"{"prompt":"deck"}"#,
        r#"{"prompt":"deck","idempotency_key":null}"#,
    ]
    .into_iter()
    .enumerate()
    {
        create(&api, &[], body).await;
        create(&api, &[], body).await;
        assert_eq!(api.count(TASKS, "acme").await, 2 * made + 2);
    }
    let first = create(&api, &[], DECK).await;
    assert_same(&create(&api, &[], DECK).await, &first);
    assert_eq!(api.count(TASKS, "acme").await, 5);
}

#[tokio::test]
async fn a_key_is_text_of_any_kind() {
    let api = serve(MemoryStore::new()).await;
    for key in [
        "weekly-deck:2026-W17",
        "slack:T01234:123456.789",
        "the deck, for \"Monday\"",
        "\"Monday\" and its deck",
        "two\nlines",
        &"k".repeat(4096),
    ] {
        let body = value!({"idempotency_key": key, "prompt": "deck"}).to_string();
        let first = create(&api, &[], &body).await;
        assert_eq!(first.status, 201, "{key}");
        assert_same(&create(&api, &[], &body).await, &first);
    }
    assert_eq!(api.count(TASKS, "acme").await, 6);
}

#[tokio::test]
async fn a_header_may_carry_the_key_beside_the_field() {
    let api = serve(MemoryStore::new()).await;
    let key = ("idempotency-key", "weekly-deck:2026-W17");
    // The same key in either place, and in both.
    let keyless = r#"{"prompt":"the weekly deck"}"#;
    let first = create(&api, &[key], keyless).await;
    assert_same(&create(&api, &[key], keyless).await, &first);
    let in_the_body = create(&api, &[], DECK).await;
    assert_eq!(
        error(&in_the_body),
        (409, "idempotency_conflict".to_owned()),
        "one key, another body"
    );
    let api = serve(MemoryStore::new()).await;
    let first = create(&api, &[], DECK).await;
    assert_same(&create(&api, &[key], DECK).await, &first);
    assert_eq!(api.count(TASKS, "acme").await, 1);
}

#[tokio::test]
async fn two_places_that_say_different_keys_are_invalid() {
    let api = serve(MemoryStore::new()).await;
    let other = ("idempotency-key", "weekly-deck:2026-W18");
    let refused = create(&api, &[other], DECK).await;
    assert_eq!(error(&refused), (400, "idempotency_key_invalid".to_owned()));
    assert_eq!(text(&refused, "/error/type"), "invalid_request");
    assert_eq!(api.backend.done(), 0);
}

#[tokio::test]
async fn a_key_is_its_api_keys_own() {
    let api = serve(MemoryStore::new()).await;
    let acme = create(&api, &[], DECK).await;
    let globex = [("authorization", "Bearer globex")];
    let globex = api.send(Method::POST, TASKS, &globex, DECK).await;
    assert_eq!(globex.status, 201);
    assert_ne!(json(&globex)["id"], json(&acme)["id"]);
}

#[tokio::test]
async fn nothing_tells_a_replay_from_the_first_answer() {
    let api = serve(MemoryStore::new()).await;
    let mut first = create(&api, &[], DECK).await;
    let mut retry = create(&api, &[], DECK).await;
    assert_eq!(json(&retry)["id"], json(&first)["id"]);
    for reply in [&mut first, &mut retry] {
        reply.headers.remove("date");
    }
    assert_eq!(retry, first);
    assert_eq!(api.backend.done(), 1);
}

#[tokio::test]
async fn another_body_is_a_conflict_that_names_the_key_and_the_request() {
    let api = serve(MemoryStore::new()).await;
    create(&api, &[], DECK).await;
    let other = r#"{"idempotency_key":"weekly-deck:2026-W17","prompt":"another deck"}"#;
    let conflict = create(&api, &[("x-request-id", "req_7")], other).await;
    assert_eq!(conflict.status, 409);
    let envelope = json(&conflict);
    let message = envelope["error"]["message"].as_str().unwrap();
    assert!(message.contains("weekly-deck:2026-W17"), "{message}");
    assert_eq!(
        envelope,
        value!({"error": {
            "type": "conflict",
            "code": "idempotency_conflict",
            "message": message,
            "request_id": "req_7",
        }})
    );
    let without = create(&api, &[], other).await;
    assert!(text(&without, "/error/request_id").starts_with("req_"));
    assert_eq!(api.backend.done(), 1);
}

#[tokio::test]
async fn a_body_that_means_the_same_is_not_the_same() {
    let api = serve(MemoryStore::new()).await;
    create(&api, &[], DECK).await;
    for body in [
        r#"{"idempotency_key": "weekly-deck:2026-W17", "prompt": "the weekly deck"}"#,
        r#"{"prompt":"the weekly deck","idempotency_key":"weekly-deck:2026-W17"}"#,
    ] {
        let conflict = create(&api, &[], body).await;
        assert_eq!(error(&conflict), (409, "idempotency_conflict".to_owned()));
    }
}

#[tokio::test]
async fn an_outcome_is_kept_long_enough_for_retries() {
    let clock = ManualClock::new();
    let api = serve(store_on(&clock)).await;
    let first = create(&api, &[], DECK).await;
    clock.advance(just_before(7 * DAY));
    assert_same(&create(&api, &[], DECK).await, &first);
    clock.advance(MILLISECOND);
    assert_ne!(
        json(&create(&api, &[], DECK).await)["id"],
        json(&first)["id"]
    );
}

#[tokio::test]
async fn an_event_is_taken_in_once_however_its_redeliveries_are_written() {
    let api = serve(MemoryStore::new()).await;
    for delivery in [
        r#"{"id":"evt_1","type":"task.done","attempt":1}"#,
        r#"{"id":"evt_1","type":"task.done","attempt":2}"#,
        r#"{ "attempt": 3, "type": "task.done", "id": "evt_1" }"#,
    ] {
        assert_eq!(deliver(&api, delivery).await.status, 204);
    }
    assert_eq!(api.backend.done(), 1);
    let other = r#"{"id":"evt_2","type":"task.done","attempt":1}"#;
    assert_eq!(deliver(&api, other).await.status, 204);
    assert_eq!(api.count(WEBHOOK, "acme").await, 2);
}

#[tokio::test]
async fn a_redelivery_of_an_event_that_is_being_taken_in_is_to_come_again() {
    let gate = Gate::new();
    let backend = gated(&gate);
    let api = serve_with(backend, MemoryStore::new()).await;
    let event = r#"{"id":"evt_1"}"#;
    let mut first = tokio::spawn({
        let api = api.clone();
        async move { deliver(&api, event).await }
    });
    at_the_gate(&gate, &mut first).await;
    let redelivered = deliver(&api, event).await;
    assert_eq!(error(&redelivered), (409, "idempotency_pending".to_owned()));
    assert!(redelivered.header("retry-after").is_some());
    gate.let_one_through();
    assert_eq!(first.await.unwrap().status, 204);
}

async fn serve(store: impl Store) -> Api {
    serve_with(Backend::new(), store).await
}

async fn serve_with(backend: Backend, store: impl Store) -> Api {
    let idempotency = moda::idempotency(store).build().await.unwrap();
    let app = moda::app(backend.clone(), idempotency);
    Api::serve(backend, app).await
}

async fn create(api: &Api, headers: &[(&str, &str)], body: &str) -> Reply {
    let headers = [&[CALLER], headers].concat();
    api.send(Method::POST, TASKS, &headers, body).await
}

async fn deliver(api: &Api, event: &str) -> Reply {
    api.send(Method::POST, WEBHOOK, &[], event).await
}
