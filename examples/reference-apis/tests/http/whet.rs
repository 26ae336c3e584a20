//! Whet.

use std::time::Duration;

use idempotent_runtime::MemoryStore;
use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::store::Store;
use idempotent_tests::{Gate, Reply};
use reference_apis::{Backend, whet};
use reqwest::Method;
use serde_json::{Value, json as value};

use crate::support::{Api, assert_same, at_the_gate, error, gated, json, store_on, text};

const START: &str = "/pipelines/from-intent";
const KEY: &str = "weekly-digest-2026-W17";

#[tokio::test]
async fn the_key_is_a_field_of_the_body() {
    let api = serve(MemoryStore::new()).await;
    let headers = [("authorization", "Bearer acme_1"), ("idempotency-key", KEY)];
    let elsewhere = api
        .send(Method::POST, START, &headers, r#"{"intent":"digest"}"#)
        .await;
    assert_eq!(error(&elsewhere), (422, "validation_failed".to_owned()));
    assert_eq!(start(&api, KEY, "digest").await.status, 201);
    assert!(start(&api, KEY, "digest").await.is_replay());
}

#[tokio::test]
async fn four_endpoints_need_a_key() {
    let api = serve(MemoryStore::new()).await;
    let drafted = post(
        &api,
        "/posts/7/draft",
        value!({"idempotency_key": "first-draft-of-7", "tone": "dry"}),
    )
    .await;
    let publish = format!("/artifacts/{}/publish", text(&drafted, "/artifact_id"));
    for (path, body) in [
        (START, value!({"intent": "digest"})),
        ("/posts/8/draft", value!({"tone": "dry"})),
        (&publish, value!({"channel": "blog"})),
        ("/accounts/connect", value!({"provider": "mail"})),
    ] {
        let before = api.backend.done();
        let keyless = post(&api, path, body.clone()).await;
        assert_eq!(error(&keyless), (422, "validation_failed".to_owned()));
        let mut keyed = body;
        keyed["idempotency_key"] = KEY.into();
        let first = post(&api, path, keyed.clone()).await;
        assert_eq!(first.status, 201, "{path}");
        let retry = post(&api, path, keyed).await;
        assert!(retry.is_replay(), "{path}");
        assert_same(&retry, &first);
        assert_eq!(api.backend.done(), before + 1, "{path}");
    }
}

#[tokio::test]
async fn fetch_takes_a_key_and_needs_none() {
    let api = serve(MemoryStore::new()).await;
    let keyless = value!({"url": "https://example.com"});
    for _ in 0..2 {
        let fetched = post(&api, "/fetch", keyless.clone()).await;
        assert_eq!((fetched.status.as_u16(), fetched.is_replay()), (201, false));
    }
    assert_eq!(api.backend.done(), 2);
    let keyed = value!({"url": "https://example.com", "idempotency_key": KEY});
    let first = post(&api, "/fetch", keyed.clone()).await;
    assert_same(&post(&api, "/fetch", keyed).await, &first);
    assert_eq!(api.backend.done(), 3);
}

#[tokio::test]
async fn get_patch_and_delete_ignore_it() {
    let api = serve(MemoryStore::new()).await;
    let path = pipeline(&start(&api, KEY, "digest").await);
    let body = format!(r#"{{"idempotency_key":"{KEY}"}}"#);
    for revision in 2..=3 {
        let revised = call(&api, Method::PATCH, &path, &body).await;
        assert_eq!(json(&revised)["revision"], revision);
    }
    let shown = call(&api, Method::GET, &path, &body).await;
    assert_eq!(json(&shown)["revision"], 3);
    assert_eq!(call(&api, Method::DELETE, &path, &body).await.status, 204);
    let again = call(&api, Method::DELETE, &path, &body).await;
    assert_eq!(error(&again), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn a_key_is_16_to_128_ascii_characters() {
    let api = serve(MemoryStore::new()).await;
    for length in [16, 128] {
        let key = "k".repeat(length);
        assert_eq!(start(&api, &key, "digest").await.status, 201, "{length}");
        assert!(start(&api, &key, "digest").await.is_replay(), "{length}");
    }
    for key in [
        "\"seventeen chars",
        "with\ttabs and lines\n",
        "commas, \"quotes\", spaces",
    ] {
        assert_eq!(start(&api, key, "digest").await.status, 201, "{key}");
        assert!(start(&api, key, "digest").await.is_replay(), "{key}");
    }
    let done = api.backend.done();
    for key in [
        value!("k".repeat(15)),
        value!("k".repeat(129)),
        value!("schlüssel-für-die-woche"),
        value!(1_234_567_890_123_456_u64),
        value!(""),
        value!(null),
    ] {
        let body = value!({"idempotency_key": key, "intent": "digest"});
        let refused = post(&api, START, body).await;
        assert_eq!(
            error(&refused),
            (422, "validation_failed".to_owned()),
            "{key}"
        );
    }
    assert_eq!(api.backend.done(), done);
}

#[tokio::test]
async fn two_organizations_can_use_one_key() {
    let api = serve(MemoryStore::new()).await;
    let acme = start(&api, KEY, "digest").await;
    let body = value!({"idempotency_key": KEY, "intent": "digest"}).to_string();
    let globex = [("authorization", "Bearer globex_1")];
    let globex = api.send(Method::POST, START, &globex, &body).await;
    assert_eq!((globex.status.as_u16(), globex.is_replay()), (201, false));
    assert_ne!(json(&globex)["run_id"], json(&acme)["run_id"]);
    // Another API key of one organization is no other organization.
    let colleague = [("authorization", "Bearer acme_2")];
    let colleague = api.send(Method::POST, START, &colleague, &body).await;
    assert_same(&colleague, &acme);
}

#[tokio::test]
async fn two_endpoints_can_use_one_key() {
    let api = serve(MemoryStore::new()).await;
    let pipeline = start(&api, KEY, "digest").await;
    let account = post(
        &api,
        "/accounts/connect",
        value!({"idempotency_key": KEY, "provider": "mail"}),
    )
    .await;
    assert_eq!((account.status.as_u16(), account.is_replay()), (201, false));
    assert_ne!(json(&account)["run_id"], json(&pipeline)["run_id"]);
}

#[tokio::test]
async fn an_outcome_is_kept_as_long_as_what_was_created() {
    let clock = ManualClock::new();
    let api = serve(store_on(&clock)).await;
    let first = start(&api, KEY, "digest").await;
    let century = Duration::from_hours(24 * 365 * 100);
    clock.advance(century);
    let retry = start(&api, KEY, "digest").await;
    assert!(retry.is_replay());
    assert_same(&retry, &first);

    let deleted = call(&api, Method::DELETE, &pipeline(&first), "").await;
    assert_eq!(deleted.status, 204);
    clock.advance(century);
    for _ in 0..2 {
        let gone = start(&api, KEY, "digest").await;
        assert_eq!(error(&gone), (404, "not_found".to_owned()));
    }
    assert_eq!(api.backend.done(), 1);
}

#[tokio::test]
async fn the_same_key_and_body_get_the_same_run_without_a_second_effect() {
    let api = serve(MemoryStore::new()).await;
    let first = start(&api, KEY, "digest").await;
    let retry = start(&api, KEY, "digest").await;
    for id in ["/run_id", "/pipeline_id"] {
        assert_eq!(text(&retry, id), text(&first, id));
    }
    assert_eq!(api.backend.done(), 1);
}

#[tokio::test]
async fn another_body_is_validated_and_is_no_conflict() {
    let api = serve(MemoryStore::new()).await;
    let first = start(&api, KEY, "digest").await;
    let invalid = start(&api, KEY, "").await;
    assert_eq!(error(&invalid), (422, "validation_failed".to_owned()));
    let other = start(&api, KEY, "another digest").await;
    assert_same(&other, &first);
    assert_eq!(api.backend.done(), 1);
}

#[tokio::test]
async fn a_key_that_stands_for_one_post_is_not_valid_for_another() {
    let api = serve(MemoryStore::new()).await;
    let body = value!({"idempotency_key": KEY, "tone": "dry"});
    assert_eq!(post(&api, "/posts/7/draft", body.clone()).await.status, 201);
    let other = post(&api, "/posts/8/draft", body).await;
    assert_eq!(error(&other), (422, "validation_failed".to_owned()));
    assert_eq!(api.backend.done(), 1);
}

#[tokio::test]
async fn a_duplicate_of_a_running_call_gets_its_run_id_straight_away() {
    let gate = Gate::new();
    let api = serve_with(gated(&gate), MemoryStore::new()).await;
    let mut first = tokio::spawn({
        let api = api.clone();
        async move { start(&api, KEY, "digest").await }
    });
    at_the_gate(&gate, &mut first).await;
    let duplicate = start(&api, KEY, "digest").await;
    assert_eq!(duplicate.status, 202);
    assert_eq!(text(&duplicate, "/status"), "running");
    // The endpoint's own validation comes first, now as ever.
    let invalid = start(&api, KEY, "").await;
    assert_eq!(error(&invalid), (422, "validation_failed".to_owned()));

    gate.let_one_through();
    let first = first.await.unwrap();
    assert_eq!(first.status, 201);
    assert_eq!(text(&duplicate, "/run_id"), text(&first, "/run_id"));
    assert_same(&start(&api, KEY, "digest").await, &first);
    assert_eq!(gate.arrivals(), 1);
}

async fn serve(store: impl Store) -> Api {
    serve_with(Backend::new(), store).await
}

async fn serve_with(backend: Backend, store: impl Store) -> Api {
    let idempotency = whet::idempotency(store).build().await.unwrap();
    let app = whet::app(backend.clone(), idempotency);
    Api::serve(backend, app).await
}

async fn start(api: &Api, key: &str, intent: &str) -> Reply {
    post(
        api,
        START,
        value!({"idempotency_key": key, "intent": intent}),
    )
    .await
}

async fn post(api: &Api, path: &str, body: Value) -> Reply {
    call(api, Method::POST, path, &body.to_string()).await
}

async fn call(api: &Api, method: Method, path: &str, body: &str) -> Reply {
    let caller = [("authorization", "Bearer acme_1")];
    api.send(method, path, &caller, body).await
}

fn pipeline(started: &Reply) -> String {
    format!("/pipelines/{}", text(started, "/pipeline_id"))
}
