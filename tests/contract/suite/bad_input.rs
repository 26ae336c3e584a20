//! Bad input gets the documented error, and nothing is lost or run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use idempotent_runtime::policy::Policy;
use idempotent_runtime::{Idempotency, MemoryStore};
use idempotent_tests::{Client, RawConnection};
use serde::Deserialize;

use crate::host::{Bytes, Json, NOT_JSON, Path, Routes, Server, State, idempotent};

type Runs = Arc<AtomicUsize>;

#[derive(Deserialize)]
struct Import {
    idempotency_key: Option<String>,
    rows: Vec<u32>,
}

#[idempotent(scope = global)]
async fn in_header(State(runs): State<Runs>, body: Bytes) -> String {
    runs.fetch_add(1, Ordering::SeqCst);
    body.len().to_string()
}

const LARGE: Policy = Policy::new().max_body(4 << 20);

#[idempotent(scope = global, policy = LARGE)]
async fn large(State(runs): State<Runs>, body: Bytes) -> String {
    runs.fetch_add(1, Ordering::SeqCst);
    body.len().to_string()
}

#[idempotent(scope = global, key_format = quoted)]
async fn strict(State(runs): State<Runs>) -> &'static str {
    runs.fetch_add(1, Ordering::SeqCst);
    "ran"
}

#[idempotent(scope = global, key_format = uuid)]
async fn uuid(State(runs): State<Runs>) -> &'static str {
    runs.fetch_add(1, Ordering::SeqCst);
    "ran"
}

#[idempotent(scope = global, key = body("idempotency_key"), key_format = ascii(16..=128))]
async fn in_body(State(runs): State<Runs>, Json(import): Json<Import>) -> String {
    runs.fetch_add(1, Ordering::SeqCst);
    assert!(import.idempotency_key.is_some());
    import.rows.len().to_string()
}

#[idempotent(scope = global, key = body("/event/id"))]
async fn in_raw_body(State(runs): State<Runs>, _body: Bytes) -> &'static str {
    runs.fetch_add(1, Ordering::SeqCst);
    "ran"
}

#[idempotent(scope = global, key = body("key"))]
async fn in_form(State(runs): State<Runs>, _body: String) -> &'static str {
    runs.fetch_add(1, Ordering::SeqCst);
    "ran"
}

#[idempotent(scope = global, key = query("key"))]
async fn in_query(State(runs): State<Runs>) -> &'static str {
    runs.fetch_add(1, Ordering::SeqCst);
    "ran"
}

#[idempotent(scope = global, key = path("key"))]
async fn in_path(State(runs): State<Runs>, Path(_key): Path<String>) -> &'static str {
    runs.fetch_add(1, Ordering::SeqCst);
    "ran"
}

#[idempotent(scope = global, key = path("elsewhere"))]
async fn in_no_path(State(runs): State<Runs>) -> &'static str {
    runs.fetch_add(1, Ordering::SeqCst);
    "ran"
}

#[idempotent(scope = global, key = import.idempotency_key)]
async fn in_argument(State(runs): State<Runs>, Json(import): Json<Import>) -> &'static str {
    runs.fetch_add(1, Ordering::SeqCst);
    assert!(import.rows.is_empty());
    "ran"
}

struct Site {
    runs: Runs,
    client: Client,
    server: Server,
}

async fn site() -> Site {
    let runs = Runs::default();
    let app = Routes::new(Arc::clone(&runs))
        .post("/header", in_header)
        .post("/large", large)
        .post("/strict", strict)
        .post("/uuid", uuid)
        .post("/body", in_body)
        .post("/raw-body", in_raw_body)
        .post("/form", in_form)
        .post("/query", in_query)
        .post("/path/{key}", in_path)
        .post("/no-path", in_no_path)
        .post("/argument", in_argument)
        .protect(Idempotency::new(MemoryStore::new()));
    let server = Server::start(app).await;
    Site {
        runs,
        client: Client::at(server.addr()),
        server,
    }
}

const MISSING: (u16, &str) = (400, "idempotency_key_missing");
const INVALID: (u16, &str) = (400, "idempotency_key_invalid");

impl Site {
    fn assert_nothing_ran(&self) {
        assert_eq!(self.runs.load(Ordering::SeqCst), 0);
    }
}

fn told(problem: &(u16, String)) -> (u16, &str) {
    (problem.0, &problem.1)
}

#[tokio::test]
async fn no_key_is_missing() {
    let site = site().await;
    for path in ["/header", "/strict", "/uuid", "/query"] {
        assert_eq!(
            told(&site.client.post(path).send().await.problem()),
            MISSING,
            "{path}"
        );
    }
    site.assert_nothing_ran();
}

#[tokio::test]
async fn an_empty_too_long_non_ascii_or_unbalanced_key_is_invalid() {
    let site = site().await;
    let long = "k".repeat(256);
    for key in [
        b"".as_slice(),
        long.as_bytes(),
        "clé".as_bytes(),
        b"\xff",
        b"\"k",
        b"k\"",
        b"a b",
        b"\"a\", \"b\"",
        b"\"\"",
    ] {
        let reply = site
            .client
            .post("/header")
            .header("idempotency-key", key)
            .send()
            .await;
        assert_eq!(told(&reply.problem()), INVALID, "{key:?}");
    }
    site.assert_nothing_ran();
    assert!(
        site.client
            .post("/header")
            .key(&"k".repeat(255))
            .send()
            .await
            .status
            .is_success()
    );
}

#[tokio::test]
async fn two_header_lines_are_invalid_even_when_they_are_equal() {
    let site = site().await;
    for other in ["a", "b"] {
        let reply = site
            .client
            .post("/header")
            .key("a")
            .header("idempotency-key", other)
            .send()
            .await;
        assert_eq!(told(&reply.problem()), INVALID);
    }
    site.assert_nothing_ran();
}

#[tokio::test]
async fn key_formats_refuse_what_they_do_not_name() {
    let site = site().await;
    for (path, key) in [
        ("/strict", "bare"),
        ("/strict", "?1"),
        ("/uuid", "42"),
        ("/uuid", "\"42\""),
    ] {
        assert_eq!(
            told(&site.client.post(path).key(key).send().await.problem()),
            INVALID,
            "{path} {key}"
        );
    }
    site.assert_nothing_ran();
    assert!(
        site.client
            .post("/strict")
            .key("\"quoted\"")
            .send()
            .await
            .status
            .is_success()
    );
    assert!(
        site.client
            .post("/uuid")
            .key("8e03978e-40d5-43e8-bc93-6894a57f9324")
            .send()
            .await
            .status
            .is_success()
    );
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_whether_or_not_its_length_was_announced() {
    let site = site().await;
    let announced = site
        .client
        .post("/header")
        .key("k")
        .body("text/plain", vec![0; 3 << 20])
        .send()
        .await;
    assert_eq!(
        told(&announced.problem()),
        (413, "idempotency_body_too_large")
    );
    let chunks =
        futures_util::stream::iter((0..3).map(|_| Ok::<_, std::io::Error>(vec![0; 1 << 20])));
    let chunked = site
        .client
        .post("/header")
        .key("k")
        .body("text/plain", reqwest::Body::wrap_stream(chunks));
    assert_eq!(
        told(&chunked.send().await.problem()),
        (413, "idempotency_body_too_large")
    );
    site.assert_nothing_ran();
    let fits = site
        .client
        .post("/header")
        .key("k")
        .body("text/plain", vec![0; 2 << 20])
        .send()
        .await;
    assert_eq!(
        (fits.status.as_u16(), fits.text()),
        (200, "2097152"),
        "the key stayed free"
    );
}

#[tokio::test]
async fn a_larger_limit_of_the_endpoint_is_honoured() {
    let site = site().await;
    let reply = site
        .client
        .post("/large")
        .key("k")
        .body("text/plain", vec![0; 3 << 20])
        .send()
        .await;
    assert_eq!((reply.status.as_u16(), reply.text()), (200, "3145728"));
    let over = site
        .client
        .post("/large")
        .key("l")
        .body("text/plain", vec![0; (4 << 20) + 1])
        .send()
        .await;
    assert_eq!(over.problem().0, 413);
}

#[tokio::test]
async fn a_body_that_breaks_off_runs_nothing_and_leaves_the_key_free() {
    let site = site().await;
    let mut cut = RawConnection::open(site.server.addr()).await;
    cut.write("POST /header HTTP/1.1\r\nhost: localhost\r\nidempotency-key: cut\r\ncontent-length: 10\r\n\r\nhalf").await;
    cut.hang_up().await;
    let reply = site
        .client
        .post("/header")
        .key("cut")
        .body("text/plain", "whole")
        .send()
        .await;
    assert_eq!((reply.text(), reply.is_replay()), ("5", false));
}

#[tokio::test]
async fn a_key_in_the_body_is_read_as_the_endpoint_says() {
    let site = site().await;
    let send = |path: &'static str, body: &'static str| site.client.post(path).json(body).send();
    for body in [r#"{"rows":[]}"#, r#"{"idempotency_key":null,"rows":[]}"#] {
        assert_eq!(
            told(&send("/body", body).await.problem()),
            MISSING,
            "{body}"
        );
        assert_eq!(
            told(&send("/argument", body).await.problem()),
            MISSING,
            "{body}"
        );
    }
    assert_eq!(
        told(
            &send("/body", r#"{"idempotency_key":"too-short","rows":[]}"#)
                .await
                .problem()
        ),
        INVALID
    );
    for body in [
        r#"{"event":{"id":7}}"#,
        r#"{"event":{"id":"a","id":"b"}}"#,
        "not json",
        r#"{"event":"#,
    ] {
        assert_eq!(
            told(&send("/raw-body", body).await.problem()),
            INVALID,
            "{body}"
        );
    }
    for body in [
        "",
        "{}",
        "[]",
        r#"{"event":{}}"#,
        r#"{"event":{"id":null}}"#,
    ] {
        assert_eq!(
            told(&send("/raw-body", body).await.problem()),
            MISSING,
            "{body}"
        );
    }
    site.assert_nothing_ran();
    let whole = r#"{"idempotency_key":"order-1001-create-1","rows":[1,2]}"#;
    assert_eq!(send("/body", whole).await.text(), "2");
    assert!(send("/body", whole).await.is_replay());
    assert!(
        send("/raw-body", r#"{"event":{"id":"evt_1"}}"#)
            .await
            .status
            .is_success()
    );
}

#[tokio::test]
async fn a_body_that_is_not_json_is_rejected_by_the_argument_before_anything_is_said_of_its_key() {
    let site = site().await;
    let reply = site
        .client
        .post("/body")
        .json("{\"idempotency_key\":")
        .send()
        .await;
    assert_eq!(reply.status.as_u16(), 400);
    assert_eq!(
        reply.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let reply = site
        .client
        .post("/body")
        .body("text/plain", "hello")
        .send()
        .await;
    assert_eq!(reply.status.as_u16(), NOT_JSON);
    site.assert_nothing_ran();
}

#[tokio::test]
async fn a_key_in_a_form_is_found_by_its_field() {
    let site = site().await;
    let send = |body: &'static str| {
        site.client
            .post("/form")
            .body("application/x-www-form-urlencoded", body)
            .send()
    };
    assert_eq!(told(&send("other=1").await.problem()), MISSING);
    assert_eq!(told(&send("key=a&key=a").await.problem()), INVALID);
    assert_eq!(told(&send("key=").await.problem()), INVALID);
    site.assert_nothing_ran();
    assert_eq!(send("other=1&key=a%20b").await.text(), "ran");
    assert!(send("other=1&key=a%20b").await.is_replay());
}

#[tokio::test]
async fn a_key_in_query_or_path_is_decoded_and_checked() {
    let site = site().await;
    for path in [
        "/query?key=",
        "/query?key=a&key=a",
        "/query?key=cl%C3%A9",
        "/path/cl%C3%A9",
        "/path/%ff",
        "/path/%22",
    ] {
        assert_eq!(
            told(&site.client.post(path).send().await.problem()),
            INVALID,
            "{path}"
        );
    }
    site.assert_nothing_ran();
    for path in ["/query?other=1&key=a%20b", "/path/a%20b"] {
        assert!(
            site.client.post(path).send().await.status.is_success(),
            "{path}"
        );
        assert!(site.client.post(path).send().await.is_replay(), "{path}");
    }
}

#[tokio::test]
async fn a_path_key_without_its_parameter_is_a_mistake_of_the_application() {
    let site = site().await;
    let reply = site.client.post("/no-path").send().await;
    assert_eq!(told(&reply.problem()), (500, "idempotency_misconfigured"));
    assert!(!reply.text().contains("elsewhere"));
    site.assert_nothing_ran();
}
