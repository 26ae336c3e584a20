//! Agrenting.

use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::store::Store;
use idempotent_runtime::{MemoryStore, SqliteStore};
use idempotent_tests::{Gate, Reply};
use reference_apis::{Backend, agrenting};
use reqwest::Method;
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;

use crate::support::{
    Api, DAY, MILLISECOND, assert_same, at_the_gate, error, gated, json, just_before, store_on,
    text,
};

const TASKS: &str = "/api/v1/tasks";
const KEY: &str = "8e03978e-40d5-43e8-bc93-6894a57f9324";
const TASK: &str = r#"{"title":"Sum up","agent":"ada"}"#;
const OTHER_TASK: &str = r#"{"title":"Write down","agent":"ada"}"#;
const BUSY: &str = r#"{"title":"Sum up","agent":"busy"}"#;
const RETIRED: &str = r#"{"title":"Sum up","agent":"retired"}"#;

#[tokio::test]
async fn the_key_is_in_x_idempotency_key() {
    let api = serve(MemoryStore::new()).await;
    let caller = ("authorization", "Bearer acme_1");
    let elsewhere = [caller, ("idempotency-key", KEY)];
    let refused = api.send(Method::POST, TASKS, &elsewhere, TASK).await;
    assert_eq!(error(&refused), (400, "IDEMPOTENCY_KEY_MISSING".to_owned()));
    assert_eq!(create(&api, KEY, TASK).await.status, 201);
}

#[tokio::test]
async fn a_uuid_is_a_key_and_so_is_other_text() {
    let api = serve(MemoryStore::new()).await;
    for key in [KEY, "sum-up-2026-W17"] {
        assert_eq!(create(&api, key, TASK).await.status, 201);
        assert!(create(&api, key, TASK).await.is_replay());
    }
}

#[tokio::test]
async fn every_post_and_put_takes_a_key() {
    let api = serve(MemoryStore::new()).await;
    let created = create(&api, KEY, TASK).await;
    assert!(create(&api, KEY, TASK).await.is_replay());
    let path = format!("{TASKS}/{}", text(&created, "/id"));
    let replaced = send(&api, Method::PUT, &path, "put-1", OTHER_TASK).await;
    assert_eq!(
        (replaced.status.as_u16(), replaced.is_replay()),
        (200, false)
    );
    let again = send(&api, Method::PUT, &path, "put-1", OTHER_TASK).await;
    assert!(again.is_replay());
    assert_same(&again, &replaced);
    assert_eq!(api.backend.done(), 2);

    let caller = [("authorization", "Bearer acme_1")];
    for (method, path) in [(Method::POST, TASKS), (Method::PUT, &path)] {
        let refused = api.send(method, path, &caller, TASK).await;
        assert_eq!(error(&refused), (400, "IDEMPOTENCY_KEY_MISSING".to_owned()));
    }
}

#[tokio::test]
async fn a_digest_of_the_key_and_a_fingerprint_of_the_body_are_stored_and_neither_of_the_two() {
    let (data, store) = sqlite().await;
    let api = serve(store.clone()).await;
    // The title is told to nobody: the agent is retired.
    assert_eq!(create(&api, KEY, RETIRED).await.status, 422);
    let [digest, fingerprint] = row(&data, "length(record_id)", "length(fingerprint)").await;
    assert_eq!([digest.as_str(), fingerprint.as_str()], ["32", "32"]);

    let mut stored = Vec::new();
    for file in std::fs::read_dir(data.path()).unwrap() {
        stored.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &str| {
        stored
            .windows(text.len())
            .any(|bytes| bytes == text.as_bytes())
    };
    assert!(holds("AGENT_RETIRED"));
    assert!(!holds(KEY) && !holds(&KEY.replace('-', "")) && !holds("Sum up"));
}

#[tokio::test]
async fn the_same_key_gets_the_same_response_for_24_hours() {
    let clock = ManualClock::new();
    let api = serve(store_on(&clock)).await;
    let first = create(&api, KEY, TASK).await;
    clock.advance(just_before(DAY));
    assert_same(&create(&api, KEY, TASK).await, &first);
    clock.advance(MILLISECOND);
    let anew = create(&api, KEY, TASK).await;
    assert_eq!(anew.status, 201);
    assert_ne!(json(&anew)["id"], json(&first)["id"]);
    assert_eq!(api.backend.done(), 2);
}

#[tokio::test]
async fn another_body_is_refused_with_422() {
    let api = serve(MemoryStore::new()).await;
    create(&api, KEY, TASK).await;
    let refused = create(&api, KEY, OTHER_TASK).await;
    assert_eq!(error(&refused), (422, "IDEMPOTENCY_MISMATCH".to_owned()));
    assert_eq!(api.backend.done(), 1);
}

#[tokio::test]
async fn a_record_is_pending_and_then_in_one_of_three_states() {
    let (data, store) = sqlite().await;
    let gate = Gate::new();
    let api = serve_with(gated(&gate), store.clone()).await;
    for (key, body, disposition) in [
        ("k1", TASK, "completed"),
        ("k2", RETIRED, "failed_final"),
        ("k3", BUSY, "failed_retriable"),
    ] {
        let mut first = tokio::spawn({
            let api = api.clone();
            async move { create(&api, key, body).await }
        });
        at_the_gate(&gate, &mut first).await;
        assert_eq!(row(&data, "phase", "disposition").await, ["running", ""]);
        gate.let_one_through();
        first.await.unwrap();
        assert_eq!(
            row(&data, "phase", "disposition").await,
            ["done", disposition]
        );
    }
}

#[tokio::test]
async fn a_retry_while_it_is_pending_is_refused_with_409() {
    let gate = Gate::new();
    let api = serve_with(gated(&gate), MemoryStore::new()).await;
    let mut first = tokio::spawn({
        let api = api.clone();
        async move { create(&api, KEY, TASK).await }
    });
    at_the_gate(&gate, &mut first).await;
    let refused = create(&api, KEY, TASK).await;
    assert_eq!(error(&refused), (409, "IDEMPOTENCY_PENDING".to_owned()));
    gate.let_one_through();
    assert_eq!(first.await.unwrap().status, 201);
    assert_eq!(gate.arrivals(), 1);
}

#[tokio::test]
async fn a_retry_after_completion_gets_the_original_response() {
    let api = serve(MemoryStore::new()).await;
    let first = create(&api, KEY, TASK).await;
    assert_eq!(first.status, 201);
    assert_same(&create(&api, KEY, TASK).await, &first);
    assert_eq!(api.backend.done(), 1);
    assert_eq!(api.count(TASKS, "acme_1").await, 1);
}

#[tokio::test]
async fn a_retry_after_a_final_failure_gets_the_original_error() {
    let api = serve(MemoryStore::new()).await;
    let first = create(&api, KEY, RETIRED).await;
    assert_eq!(error(&first), (422, "AGENT_RETIRED".to_owned()));
    assert_same(&create(&api, KEY, RETIRED).await, &first);
    assert_eq!(api.backend.done(), 1);
}

#[tokio::test]
async fn a_retry_after_a_retriable_failure_gets_the_same_status_and_a_new_key_tries_again() {
    let api = serve(MemoryStore::new()).await;
    let first = create(&api, KEY, BUSY).await;
    assert_eq!(error(&first), (503, "AGENT_BUSY".to_owned()));
    assert_same(&create(&api, KEY, BUSY).await, &first);
    assert_eq!(api.backend.done(), 1);
    assert!(!create(&api, "another", BUSY).await.is_replay());
    assert_eq!(api.backend.done(), 2);
}

#[tokio::test]
async fn a_key_is_not_taken_by_another_endpoint() {
    let api = serve(MemoryStore::new()).await;
    let created = create(&api, KEY, TASK).await;
    let path = format!("{TASKS}/{}", text(&created, "/id"));
    let refused = send(&api, Method::PUT, &path, KEY, TASK).await;
    assert_eq!(error(&refused), (422, "IDEMPOTENCY_MISMATCH".to_owned()));
    assert_eq!(api.backend.done(), 1);
}

#[tokio::test]
async fn a_key_is_its_accounts_own() {
    let api = serve(MemoryStore::new()).await;
    create(&api, KEY, TASK).await;
    let headers = [
        ("authorization", "Bearer globex_1"),
        ("x-idempotency-key", KEY),
    ];
    let other = api.send(Method::POST, TASKS, &headers, TASK).await;
    assert_eq!((other.status.as_u16(), other.is_replay()), (201, false));
}

async fn serve(store: impl Store) -> Api {
    serve_with(Backend::new(), store).await
}

async fn serve_with(backend: Backend, store: impl Store) -> Api {
    let idempotency = agrenting::idempotency(store).build().await.unwrap();
    let app = agrenting::app(backend.clone(), idempotency);
    Api::serve(backend, app).await
}

async fn create(api: &Api, key: &str, body: &str) -> Reply {
    send(api, Method::POST, TASKS, key, body).await
}

async fn send(api: &Api, method: Method, path: &str, key: &str, body: &str) -> Reply {
    let headers = [
        ("authorization", "Bearer acme_1"),
        ("x-idempotency-key", key),
    ];
    api.send(method, path, &headers, body).await
}

async fn sqlite() -> (TempDir, SqliteStore) {
    let data = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(data.path().join("records.db")).await;
    (data, store.unwrap())
}

/// Two columns of the latest record.
async fn row(data: &TempDir, one: &str, other: &str) -> [String; 2] {
    let file = data.path().join("records.db");
    let mut database = SqliteConnection::connect(file.to_str().unwrap())
        .await
        .unwrap();
    let columns = format!(
        "SELECT CAST({one} AS TEXT), coalesce(CAST({other} AS TEXT), '')
         FROM idempotency_records ORDER BY rowid DESC LIMIT 1"
    );
    let (one, other) = sqlx::query_as(sqlx::AssertSqlSafe(columns))
        .fetch_one(&mut database)
        .await
        .unwrap();
    [one, other]
}
