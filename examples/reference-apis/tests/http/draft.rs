//! The IETF draft.

use idempotent_runtime::MemoryStore;
use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::store::Store;
use idempotent_tests::{FaultyStore, Gate, Reply, Step, When};
use reference_apis::{Backend, draft};
use reqwest::Method;

use crate::support::{
    Api, DAY, MILLISECOND, assert_same, at_the_gate, gated, json, just_before, store_on, text,
};

const ORDERS: &str = "/orders";
const STRICT: &str = "/strict/orders";
const QUOTED: &str = r#""8e03978e-40d5-43e8-bc93-6894a57f9324""#;
const BARE: &str = "8e03978e-40d5-43e8-bc93-6894a57f9324";
const KITE: &str = r#"{"item":"kite","quantity":1}"#;
const KITES: &str = r#"{"item":"kite","quantity":2}"#;
const UNICORN: &str = r#"{"item":"unicorn","quantity":1}"#;
const DOCUMENTATION: &str = "/idempotency";
const LINK: &str = r#"</idempotency>; rel="describedby"; type="text/html""#;

#[tokio::test]
async fn quoted_and_bare_keys_are_one_key() {
    let api = serve(MemoryStore::new()).await;
    let first = order(&api, QUOTED, KITE).await;
    assert_eq!(first.status, 201);
    assert_same(&order(&api, BARE, KITE).await, &first);
    assert_eq!(api.backend.done(), 1);
}

#[tokio::test]
async fn parameters_behind_a_quoted_key_are_checked_and_ignored() {
    let api = serve(MemoryStore::new()).await;
    for path in [ORDERS, STRICT] {
        let first = post(&api, path, QUOTED, KITE).await;
        assert_eq!(first.status, 201);
        let parameters = format!(r#"{QUOTED};v=1;at=@1659578233;by="me";ok"#);
        assert_same(&post(&api, path, &parameters, KITE).await, &first);
        for malformed in [";", "; v=", ";V=1", " v=1", ";v=(1)"] {
            let key = format!("{QUOTED}{malformed}");
            let refused = post(&api, path, &key, KITE).await;
            assert_problem(&refused, 400, "idempotency_key_invalid");
        }
    }
}

#[tokio::test]
async fn the_strict_endpoint_takes_quoted_keys_alone() {
    let api = serve(MemoryStore::new()).await;
    // A token, an integer, a boolean, bytes and a list are items of other types, or none.
    for key in [
        BARE,
        "token",
        "1",
        "?1",
        ":aGk=:",
        r#"("k")"#,
        r#""k", "l""#,
    ] {
        let refused = post(&api, STRICT, key, KITE).await;
        assert_problem(&refused, 400, "idempotency_key_invalid");
    }
    assert_eq!(api.backend.done(), 0);
    let first = post(&api, STRICT, QUOTED, KITE).await;
    assert_eq!(first.status, 201);
    assert_same(&post(&api, STRICT, QUOTED, KITE).await, &first);
}

#[tokio::test]
async fn a_key_is_not_taken_for_another_payload() {
    let api = serve(MemoryStore::new()).await;
    order(&api, QUOTED, KITE).await;
    let refused = order(&api, QUOTED, KITES).await;
    assert_problem(&refused, 422, "idempotency_mismatch");
    assert_eq!(refused.header("link"), Some(LINK));
    assert_eq!(api.backend.done(), 1);
}

#[tokio::test]
async fn the_specification_is_published_with_its_expiry() {
    let api = serve(MemoryStore::new()).await;
    let specification = get(&api, "/idempotency.json").await;
    let specification = json(&specification);
    let orders = &specification["POST /orders"];
    assert_eq!(orders["key"][0], "header `idempotency-key`");
    assert_eq!(orders["kept_for_seconds"], 2 * 24 * 60 * 60);
    assert_eq!(orders["required"], true);
    let strict = &specification["POST /strict/orders"];
    assert!(strict["format"].as_str().unwrap().contains("RFC 9651"));
    let told = |status: u16, code: &str| {
        let refusals = orders["refusals"].as_array().unwrap().iter();
        refusals
            .filter(|told| told["status"] == status && told["code"] == code)
            .count()
            == 1
    };
    assert!(told(400, "idempotency_key_missing"));
    assert!(told(400, "idempotency_key_invalid"));
    assert!(told(409, "idempotency_pending"));
    assert!(told(422, "idempotency_mismatch"));
}

#[tokio::test]
async fn the_link_leads_to_the_specification_for_people() {
    let api = serve(MemoryStore::new()).await;
    let refused = keyless(&api).await;
    let target = refused.header("link").unwrap();
    let target = target.strip_prefix('<').unwrap().split('>').next().unwrap();
    let page = get(&api, target).await;
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(page.text().contains("Outcomes are kept for 2 d."));
}

#[tokio::test]
async fn an_outcome_expires_when_the_specification_says() {
    let clock = ManualClock::new();
    let api = serve(store_on(&clock)).await;
    let first = order(&api, QUOTED, KITE).await;
    clock.advance(just_before(2 * DAY));
    assert_same(&order(&api, QUOTED, KITE).await, &first);
    clock.advance(MILLISECOND);
    let anew = order(&api, QUOTED, KITE).await;
    assert_ne!(text(&anew, "/id"), text(&first, "/id"));
}

#[tokio::test]
async fn a_fingerprint_may_be_a_checksum_of_the_payload() {
    let api = serve(MemoryStore::new()).await;
    order(&api, QUOTED, KITE).await;
    let reordered = order(&api, QUOTED, r#"{"quantity":1,"item":"kite"}"#).await;
    assert_problem(&reordered, 422, "idempotency_mismatch");
}

#[tokio::test]
async fn a_fingerprint_may_match_all_elements_of_the_payload() {
    let api = serve(MemoryStore::new()).await;
    let path = "/json/orders";
    let first = post(&api, path, QUOTED, KITE).await;
    let reordered = r#"{ "quantity": 1, "item": "kite" }"#;
    assert_same(&post(&api, path, QUOTED, reordered).await, &first);
    for other in [KITES, r#"{"item":"kite","quantity":1,"note":""}"#] {
        let refused = post(&api, path, QUOTED, other).await;
        assert_problem(&refused, 422, "idempotency_mismatch");
    }
}

#[tokio::test]
async fn a_fingerprint_may_match_selected_elements_of_the_payload() {
    let api = serve(MemoryStore::new()).await;
    let later = r#"{"item":"kite","quantity":1,"sent_at":"later"}"#;
    let noted = r#"{"item":"kite","quantity":1,"note":"blue"}"#;
    for (path, as_it_was, other) in [
        ("/fields/orders", [later, noted], KITES),
        ("/except/orders", [later, KITE], noted),
    ] {
        let first = post(&api, path, QUOTED, KITE).await;
        assert_eq!(first.status, 201);
        for body in as_it_was {
            assert_same(&post(&api, path, QUOTED, body).await, &first);
        }
        let refused = post(&api, path, QUOTED, other).await;
        assert_problem(&refused, 422, "idempotency_mismatch");
    }
}

#[tokio::test]
async fn a_first_request_is_processed_normally() {
    let api = serve(MemoryStore::new()).await;
    let first = order(&api, QUOTED, KITE).await;
    assert_eq!((first.status.as_u16(), first.is_replay()), (201, false));
    assert_eq!(api.count(ORDERS, "acme_1").await, 1);
}

#[tokio::test]
async fn a_retry_gets_the_result_be_it_success_or_error() {
    let api = serve(MemoryStore::new()).await;
    for (key, body, status) in [("1", KITE, 201), ("2", UNICORN, 410)] {
        let first = order(&api, key, body).await;
        assert_eq!(first.status, status);
        let retry = order(&api, key, body).await;
        assert!(retry.is_replay());
        assert_same(&retry, &first);
    }
    assert_eq!(api.backend.done(), 2);
}

#[tokio::test]
async fn a_retry_while_it_runs_gets_a_conflict() {
    let gate = Gate::new();
    let api = serve_with(gated(&gate), MemoryStore::new()).await;
    let mut first = tokio::spawn({
        let api = api.clone();
        async move { order(&api, QUOTED, KITE).await }
    });
    at_the_gate(&gate, &mut first).await;
    let refused = order(&api, BARE, KITE).await;
    assert_problem(&refused, 409, "idempotency_pending");
    gate.let_one_through();
    assert_eq!(first.await.unwrap().status, 201);
}

#[tokio::test]
async fn a_missing_key_gets_400_and_a_link_to_the_documentation() {
    let api = serve(MemoryStore::new()).await;
    let refused = keyless(&api).await;
    assert_problem(&refused, 400, "idempotency_key_missing");
    assert_eq!(refused.header("link"), Some(LINK));
    assert_eq!(api.backend.done(), 0);
}

#[tokio::test]
async fn a_key_is_checked_before_anything_is_looked_up() {
    let store = FaultyStore::new(MemoryStore::new());
    let api = serve(store.clone()).await;
    let claims = store.sent(Step::Claim);
    store.fail(Step::Claim, When::Before, usize::MAX);
    for (path, key) in [(ORDERS, "two words"), (ORDERS, "\"open"), (STRICT, BARE)] {
        let refused = post(&api, path, key, KITE).await;
        assert_problem(&refused, 400, "idempotency_key_invalid");
    }
    assert_eq!(store.sent(Step::Claim), claims);
    // A key that is one is looked up, and the store cannot be reached.
    let refused = order(&api, QUOTED, KITE).await;
    assert_problem(&refused, 503, "idempotency_store_unavailable");
}

#[tokio::test]
async fn a_key_counts_together_with_whose_it_is() {
    let api = serve(MemoryStore::new()).await;
    let acme = order(&api, QUOTED, KITE).await;
    let headers = [
        ("authorization", "Bearer globex_1"),
        ("idempotency-key", QUOTED),
    ];
    let globex = api.send(Method::POST, ORDERS, &headers, KITE).await;
    assert!(!globex.is_replay());
    assert_ne!(text(&globex, "/id"), text(&acme, "/id"));
}

/// A problem of this code, whose type is the documentation.
#[track_caller]
fn assert_problem(refused: &Reply, status: u16, code: &str) {
    assert_eq!(refused.problem(), (status, code.to_owned()));
    assert_eq!(text(refused, "/type"), DOCUMENTATION);
    for member in ["/title", "/detail"] {
        assert!(!text(refused, member).is_empty());
    }
}

async fn serve(store: impl Store) -> Api {
    serve_with(Backend::new(), store).await
}

async fn serve_with(backend: Backend, store: impl Store) -> Api {
    let builder = draft::idempotency(store, DOCUMENTATION);
    let app = draft::app(backend.clone(), builder.build().await.unwrap());
    Api::serve(backend, app).await
}

async fn order(api: &Api, key: &str, body: &str) -> Reply {
    post(api, ORDERS, key, body).await
}

async fn post(api: &Api, path: &str, key: &str, body: &str) -> Reply {
    let headers = [("authorization", "Bearer acme_1"), ("idempotency-key", key)];
    api.send(Method::POST, path, &headers, body).await
}

async fn keyless(api: &Api) -> Reply {
    let caller = [("authorization", "Bearer acme_1")];
    api.send(Method::POST, ORDERS, &caller, KITE).await
}

async fn get(api: &Api, path: &str) -> Reply {
    api.send(Method::GET, path, &[], "").await
}
