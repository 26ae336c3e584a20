//! Truedy.

use std::time::Duration;

use idempotent_runtime::MemoryStore;
use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::store::Store as _;
use idempotent_tests::{FaultyStore, Reply, Step};
use reference_apis::{Backend, truedy};
use reqwest::Method;

use crate::support::{Api, DAY, MILLISECOND, assert_same, json, just_before, store_on};

/// How often Truedy cleans up.
const INTERVAL: Duration = Duration::from_mins(10);
/// Nothing here takes longer, but for a machine that hangs.
const PATIENCE: Duration = Duration::from_secs(10);

const CREATES: [&str; 4] = ["/agents", "/calls", "/batch-calls", "/tools"];
const ONE: &str = r#"{"name":"one"}"#;
const OTHER: &str = r#"{"name":"other"}"#;

#[tokio::test]
async fn a_key_in_x_idempotency_key_is_optional() {
    let api = serve().await;
    let caller = ("authorization", "Bearer acme");
    for made in 1..=2 {
        api.send(Method::POST, "/agents", &[caller], ONE).await;
        assert_eq!(api.count("/agents", "acme").await, made);
    }
    // In another header it is none.
    for made in 3..=4 {
        let elsewhere = [caller, ("idempotency-key", "front-desk")];
        api.send(Method::POST, "/agents", &elsewhere, ONE).await;
        assert_eq!(api.count("/agents", "acme").await, made);
    }
    for _ in 0..2 {
        post(&api, "/agents", "front-desk", ONE).await;
        assert_eq!(api.count("/agents", "acme").await, 5);
    }
}

#[tokio::test]
async fn any_unique_string_is_a_key() {
    let api = serve().await;
    for key in ["1", "front-desk/2026:W17", &"k".repeat(255)] {
        assert_eq!(post(&api, "/agents", key, ONE).await.status, 201);
        assert!(post(&api, "/agents", key, ONE).await.is_replay());
    }
}

#[tokio::test]
async fn four_creates_take_a_key_and_others_do_not() {
    let api = serve().await;
    for path in CREATES {
        let first = post(&api, path, "front-desk", ONE).await;
        assert_same(&post(&api, path, "front-desk", ONE).await, &first);
        assert_eq!(api.count(path, "acme").await, 1, "{path}");
    }
    for path in ["/knowledge-bases", "/voices"] {
        post(&api, path, "front-desk", ONE).await;
        post(&api, path, "front-desk", ONE).await;
        assert_eq!(api.count(path, "acme").await, 2, "{path}");
    }
}

#[tokio::test]
async fn a_key_is_its_api_keys_own_and_its_endpoints() {
    let api = serve().await;
    let acme = post(&api, "/agents", "front-desk", ONE).await;
    let headers = [
        ("authorization", "Bearer globex"),
        ("x-idempotency-key", "front-desk"),
    ];
    let globex = api.send(Method::POST, "/agents", &headers, ONE).await;
    assert!(!globex.is_replay());
    assert_ne!(json(&globex)["data"]["id"], json(&acme)["data"]["id"]);
    let tool = post(&api, "/tools", "front-desk", ONE).await;
    assert!(!tool.is_replay());
    assert_ne!(json(&tool)["data"]["id"], json(&acme)["data"]["id"]);
}

#[tokio::test]
async fn a_first_request_gets_201_and_data_and_a_duplicate_the_same_without_a_second_resource() {
    let api = serve().await;
    let first = post(&api, "/agents", "front-desk", ONE).await;
    assert_eq!(first.status, 201);
    assert_eq!(json(&first)["data"]["name"], "one");
    let duplicate = post(&api, "/agents", "front-desk", ONE).await;
    assert_eq!(duplicate.status, 201);
    assert_same(&duplicate, &first);
    assert_eq!(api.count("/agents", "acme").await, 1);
    assert_eq!(api.backend.done(), 1);
}

#[tokio::test]
async fn another_body_is_an_operation_of_its_own() {
    let api = serve().await;
    let one = post(&api, "/agents", "front-desk", ONE).await;
    let other = post(&api, "/agents", "front-desk", OTHER).await;
    assert_eq!((other.status.as_u16(), other.is_replay()), (201, false));
    assert_eq!(json(&other)["data"]["name"], "other");
    // From now on each has its own answer.
    assert_same(&post(&api, "/agents", "front-desk", ONE).await, &one);
    assert_same(&post(&api, "/agents", "front-desk", OTHER).await, &other);
    assert_eq!(api.count("/agents", "acme").await, 2);
}

#[tokio::test]
async fn expired_records_are_cleaned_up_periodically() {
    let clock = ManualClock::new();
    let records = store_on(&clock);
    let store = FaultyStore::new(records.clone());
    let backend = Backend::new();
    let builder = truedy::idempotency(store.clone()).clock(clock.clone());
    let app = truedy::app(backend.clone(), builder.build().await.unwrap());
    let api = Api::serve(backend, app).await;
    post(&api, "/agents", "front-desk", ONE).await;

    asleep(&clock).await;
    clock.advance(just_before(INTERVAL));
    assert_eq!(
        store.sent(Step::Sweep),
        0,
        "every ten minutes, and no oftener"
    );
    clock.advance(MILLISECOND);
    store.answered(Step::Sweep).await;
    // Nobody asks for the record any more, and once it has expired it goes all the same.
    asleep(&clock).await;
    clock.advance(DAY);
    store.answered(Step::Sweep).await;
    assert_eq!(records.sweep(100).await.unwrap(), 0);
}

/// Waits until the next clean-up is set for its time.
async fn asleep(clock: &ManualClock) {
    let set = async {
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
    };
    let set = tokio::time::timeout(PATIENCE, set).await;
    set.expect("a clean-up is set for later");
}

async fn serve() -> Api {
    let backend = Backend::new();
    let idempotency = truedy::idempotency(MemoryStore::new()).build().await;
    let app = truedy::app(backend.clone(), idempotency.unwrap());
    Api::serve(backend, app).await
}

async fn post(api: &Api, path: &str, key: &str, body: &str) -> Reply {
    let headers = [("authorization", "Bearer acme"), ("x-idempotency-key", key)];
    api.send(Method::POST, path, &headers, body).await
}
