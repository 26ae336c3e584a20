//! Agiled.

use idempotent_runtime::MemoryStore;
use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::store::Store;
use idempotent_tests::Reply;
use reference_apis::{Backend, agiled};
use reqwest::Method;

use crate::support::{Api, DAY, MILLISECOND, assert_same, error, json, just_before, store_on};

const CONTACTS: &str = "/public/v1/contacts";
const KEY: &str = "order-1001-create-invoice-v1";
const ADA: &str = r#"{"email":"ada@example.com"}"#;
const BOB: &str = r#"{"email":"bob@example.com"}"#;

#[tokio::test]
async fn a_key_is_optional() {
    let api = serve(MemoryStore::new()).await;
    let caller = [("authorization", "Bearer acme_1")];
    for body in [ADA, BOB] {
        let made = api.send(Method::POST, CONTACTS, &caller, body).await;
        assert_eq!((made.status.as_u16(), made.is_replay()), (201, false));
    }
}

#[tokio::test]
async fn a_key_is_in_idempotency_key_and_may_mean_something() {
    let api = serve(MemoryStore::new()).await;
    let first = create(&api, KEY, ADA).await;
    assert_eq!(first.status, 201);
    let retry = create(&api, KEY, ADA).await;
    assert!(retry.is_replay());
    assert_same(&retry, &first);
}

#[tokio::test]
async fn creates_updates_and_deletes_take_a_key() {
    let api = serve(MemoryStore::new()).await;
    for (method, path, body, status) in [
        (Method::POST, CONTACTS, ADA, 201),
        (Method::PUT, "/public/v1/contacts/contact_1", BOB, 200),
        (Method::DELETE, "/public/v1/contacts/contact_1", "", 204),
    ] {
        let before = api.backend.done();
        let first = send(&api, method.clone(), path, KEY, body).await;
        assert_eq!((first.status.as_u16(), first.is_replay()), (status, false));
        let retry = send(&api, method, path, KEY, body).await;
        assert!(retry.is_replay());
        assert_same(&retry, &first);
        assert_eq!(api.backend.done(), before + 1);
    }
}

#[tokio::test]
async fn organization_method_path_and_key_together_are_the_identity() {
    let api = serve(MemoryStore::new()).await;
    let one = "/public/v1/contacts/contact_1";
    let two = "/public/v1/contacts/contact_2";
    create(&api, "ada", ADA).await;
    create(&api, "bob", BOB).await;
    // One key, four operations: two concrete paths of one route, two methods of one path, and another route.
    for (method, path, body) in [
        (Method::PUT, one, r#"{"email":"a@example.com"}"#),
        (Method::PUT, two, r#"{"email":"b@example.com"}"#),
        (Method::DELETE, one, ""),
        (Method::POST, CONTACTS, ADA),
    ] {
        let made = send(&api, method, path, KEY, body).await;
        assert!(made.status.is_success() && !made.is_replay(), "{made:?}");
    }
    let as_somebody = async |api_key: &str| {
        let headers = [("authorization", api_key), ("idempotency-key", KEY)];
        api.send(Method::POST, CONTACTS, &headers, ADA).await
    };
    assert!(as_somebody("Bearer acme_2").await.is_replay());
    assert!(!as_somebody("Bearer globex_1").await.is_replay());
}

#[tokio::test]
async fn a_failure_stores_nothing_and_the_key_may_be_tried_again() {
    let api = serve(MemoryStore::new()).await;
    create(&api, "ada", ADA).await;
    for _ in 0..2 {
        let taken = create(&api, KEY, ADA).await;
        assert_eq!(error(&taken), (422, "email_taken".to_owned()));
        assert!(!taken.is_replay());
    }
    // Not even the fingerprint was kept.
    let made = create(&api, KEY, BOB).await;
    assert_eq!(made.status, 201);
    assert_same(&create(&api, KEY, BOB).await, &made);
}

#[tokio::test]
async fn the_same_key_and_body_get_the_stored_response() {
    let api = serve(MemoryStore::new()).await;
    let first = create(&api, KEY, ADA).await;
    assert_same(&create(&api, KEY, ADA).await, &first);
    assert_eq!(api.count(CONTACTS, "acme_1").await, 1);
}

#[tokio::test]
async fn another_body_is_a_conflict_and_a_new_key_is_none() {
    let api = serve(MemoryStore::new()).await;
    create(&api, KEY, ADA).await;
    let conflict = create(&api, KEY, BOB).await;
    assert_eq!(error(&conflict), (409, "idempotency_conflict".to_owned()));
    assert_eq!(api.count(CONTACTS, "acme_1").await, 1);
    assert_eq!(create(&api, "another-key", BOB).await.status, 201);
}

#[tokio::test]
async fn an_outcome_is_kept_for_30_days() {
    let clock = ManualClock::new();
    let api = serve(store_on(&clock)).await;
    let first = create(&api, KEY, ADA).await;
    clock.advance(just_before(30 * DAY));
    assert_same(&create(&api, KEY, ADA).await, &first);
    clock.advance(MILLISECOND);
    // The key is free, the address is not.
    let anew = create(&api, KEY, ADA).await;
    assert_eq!(error(&anew), (422, "email_taken".to_owned()));
    assert_ne!(json(&anew), json(&first));
}

async fn serve(store: impl Store) -> Api {
    let backend = Backend::new();
    let idempotency = agiled::idempotency(store).build().await.unwrap();
    let app = agiled::app(backend.clone(), idempotency);
    Api::serve(backend, app).await
}

async fn create(api: &Api, key: &str, body: &str) -> Reply {
    send(api, Method::POST, CONTACTS, key, body).await
}

async fn send(api: &Api, method: Method, path: &str, key: &str, body: &str) -> Reply {
    let headers = [("authorization", "Bearer acme_1"), ("idempotency-key", key)];
    api.send(method, path, &headers, body).await
}
