//! What each request gets (the table of the contract), over a real socket.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::policy::{Policy, Ttl};
use idempotent_runtime::{Disposition, Idempotency, MemoryStore, ScopeKey};
use idempotent_tests::{Client, Gate, Reply};
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use crate::host::{
    Answer, Json, Path, Replay, Response, Routes, Server, State, UNFIT_JSON, from_head, idempotent,
    responds, streamed,
};

/// What handlers do, counted.
#[derive(Clone, Default)]
struct App {
    runs: Arc<AtomicUsize>,
    gate: Gate,
}

impl App {
    fn run(&self) -> usize {
        self.runs.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

#[derive(ScopeKey)]
struct Org(String);

from_head!(Org, |asked| match asked.header("x-org") {
    Some("nobody") => Err(Answer::new(401, "who are you?")),
    org => Ok(Org(org.unwrap_or("acme").to_owned())),
});

#[derive(Deserialize, Serialize)]
struct Amount {
    amount: u32,
}

#[idempotent(scope = org)]
async fn pay(State(app): State<App>, org: Org, Json(body): Json<Amount>) -> Answer {
    let run = u32::try_from(app.run()).unwrap();
    assert!(!org.0.is_empty());
    let amount = body.amount + run;
    Answer::json(201, &Amount { amount })
}

#[idempotent(scope = global)]
async fn wait(State(app): State<App>) -> String {
    app.gate.pass().await;
    format!("run {}", app.run())
}

/// Answers with the status that the client asks for, and with the run's number.
#[idempotent(scope = global)]
async fn status(State(app): State<App>, Path(code): Path<u16>) -> Answer {
    Answer::new(code, app.run().to_string())
}

#[idempotent(scope = global, release = [409, 502..=504])]
async fn release_listed(State(app): State<App>, Path(code): Path<u16>) -> Answer {
    Answer::new(code, app.run().to_string())
}

#[idempotent(scope = global, release = failures)]
async fn release_failures(State(app): State<App>, Path(code): Path<u16>) -> Answer {
    Answer::new(code, app.run().to_string())
}

#[idempotent(scope = global, release = never)]
async fn release_never(State(app): State<App>, Path(code): Path<u16>) -> Answer {
    Answer::new(code, app.run().to_string())
}

#[derive(Debug)]
enum Declared {
    Retriable,
    Final,
}

responds!(Declared, |declared| match declared {
    Declared::Retriable => Answer::new(500, ""),
    Declared::Final => Answer::new(503, ""),
});

impl Replay for Declared {
    fn disposition(&self) -> Option<Disposition> {
        Some(match self {
            Self::Retriable => Disposition::FailedRetriable,
            Self::Final => Disposition::FailedFinal,
        })
    }
}

#[idempotent(scope = global)]
async fn declared(State(app): State<App>, Path(kind): Path<String>) -> Result<String, Declared> {
    app.run();
    Err(if kind == "retriable" {
        Declared::Retriable
    } else {
        Declared::Final
    })
}

#[idempotent(scope = global, missing = unprotected)]
async fn optional(State(app): State<App>) -> String {
    app.run().to_string()
}

#[idempotent(scope = global, fingerprint = none)]
async fn any_body(State(app): State<App>, body: String) -> String {
    format!("{} {body}", app.run())
}

#[idempotent(scope = global, mismatch = reject(409), pending = reject(425))]
async fn other_statuses(State(app): State<App>, _body: String) -> String {
    app.gate.pass().await;
    app.run().to_string()
}

#[idempotent(scope = global, operation = path)]
async fn by_path(State(app): State<App>) -> String {
    app.run().to_string()
}

#[idempotent(scope = global, operation = "import")]
async fn by_name(State(app): State<App>) -> String {
    app.run().to_string()
}

#[idempotent(scope = global, ttl = "1h")]
async fn short_lived(State(app): State<App>) -> String {
    app.run().to_string()
}

#[idempotent(scope = global, ttl = forever)]
async fn immortal(State(app): State<App>) -> String {
    app.run().to_string()
}

const SMALL: Policy = Policy::new()
    .max_response(8)
    .max_body(16)
    .ttl(Ttl::hours(1));

#[idempotent(scope = global, policy = SMALL)]
async fn echo(State(app): State<App>, body: String) -> String {
    app.run();
    body
}

#[idempotent(scope = global, policy = SMALL, response = buffer)]
async fn stream(State(app): State<App>, body: String) -> Response {
    app.run();
    streamed(
        body.into_bytes()
            .into_iter()
            .map(|byte| vec![byte])
            .collect(),
    )
}

#[idempotent(scope = global)]
async fn faithful(State(app): State<App>) -> Answer {
    app.run();
    let mut answer = Answer::bytes(202, (0..=255).collect::<Vec<u8>>());
    for (name, value) in [
        ("vary", "accept"),
        ("vary", "origin"),
        ("etag", "\"v1\""),
        ("content-encoding", "identity"),
        ("content-type", "application/octet-stream"),
        ("set-cookie", "session=secret"),
        ("x-hop", "dropped"),
        ("connection", "x-hop"),
        ("keep-alive", "timeout=5"),
        ("proxy-authenticate", "Basic"),
        ("te", "trailers"),
        ("trailer", "x-checksum"),
        ("upgrade", "h2c"),
        ("x-request-id", "dropped by the builder"),
        ("idempotency-replayed", "a lie"),
    ] {
        answer = answer.header(name, value);
    }
    answer.header("x-bytes", b"caf\xe9")
}

#[idempotent(scope = global)]
async fn no_content(State(app): State<App>) -> Answer {
    app.run();
    Answer::new(204, "which nobody sees")
}

#[idempotent(scope = global)]
async fn note(State(app): State<App>, Path((task, _note)): Path<(u32, u32)>) -> String {
    format!("{task} {}", app.run())
}

fn routes(app: App) -> Routes<App> {
    Routes::new(app)
        .post("/pay", pay)
        .put("/pay", pay)
        .any("/wait", wait)
        .post("/status/{code}", status)
        .post("/release/listed/{code}", release_listed)
        .post("/release/failures/{code}", release_failures)
        .post("/release/never/{code}", release_never)
        .post("/declared/{kind}", declared)
        .post("/optional", optional)
        .post("/any-body", any_body)
        .post("/other-statuses", other_statuses)
        .post("/by-path/{id}", by_path)
        .post("/by-name/a", by_name)
        .post("/by-name/b", by_name)
        .post("/short-lived", short_lived)
        .post("/immortal", immortal)
        .post("/echo", echo)
        .post("/stream", stream)
        .post("/faithful", faithful)
        .post("/no-content", no_content)
        .post("/tasks/{task}/notes/{note}", note)
        .nest("/nested", |routes| routes.post("/pay", pay))
        .nest("/orgs/{org}", |routes| {
            routes.post("/pay", pay).post("/by-path", by_path)
        })
        .fallback(by_name_fallback)
}

#[idempotent(scope = global)]
async fn by_name_fallback(State(app): State<App>) -> String {
    app.run().to_string()
}

struct Site {
    app: App,
    client: Client,
    clock: ManualClock,
    _server: Server,
}

async fn site() -> Site {
    let clock = ManualClock::new();
    let store = MemoryStore::with_clock(Arc::new(clock.clone()));
    let idempotency = Idempotency::builder(store)
        .drop_header("X-Request-Id")
        .build()
        .await
        .unwrap();
    let app = App::default();
    let server = Server::start(routes(app.clone()).protect(idempotency)).await;
    Site {
        client: Client::at(server.addr()),
        app,
        clock,
        _server: server,
    }
}

fn assert_replays(first: &Reply, retry: &Reply) {
    assert!(
        !first.is_replay() && retry.is_replay(),
        "{first:?} {retry:?}"
    );
    assert_eq!(first.clone().recorded(), retry.clone().recorded());
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_and_the_handler_runs_once() {
    let site = site().await;
    let first = site.client.post_key("/pay", "k").await;
    let retry = site.client.post_key("/pay", "k").await;
    assert_eq!(
        (first.status, first.text()),
        (StatusCode::CREATED, r#"{"amount":11}"#)
    );
    assert_replays(&first, &retry);
    assert_eq!(site.app.runs(), 1);
}

#[tokio::test]
async fn quoted_and_bare_keys_are_one_key() {
    let site = site().await;
    let first = site.client.post_key("/pay", "\"k\";v=1").await;
    assert_replays(&first, &site.client.post_key("/pay", "k").await);
}

#[tokio::test]
async fn another_scope_key_method_or_route_is_another_record() {
    let site = site().await;
    let send = |method: Method, path: &'static str, key: &'static str, org: &'static str| {
        site.client
            .request(method, path)
            .key(key)
            .header("x-org", org)
            .json(r#"{"amount":10}"#)
            .send()
    };
    for (run, request) in [
        send(Method::POST, "/pay", "k", "acme").await,
        send(Method::POST, "/pay", "l", "acme").await,
        send(Method::POST, "/pay", "k", "globex").await,
        send(Method::PUT, "/pay", "k", "acme").await,
        send(Method::POST, "/nested/pay", "k", "acme").await,
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(request.text(), format!(r#"{{"amount":{}}}"#, 11 + run));
        assert!(!request.is_replay());
    }
}

#[tokio::test]
async fn another_body_is_a_mismatch_and_the_answer_does_not_depend_on_what_is_stored() {
    let site = site().await;
    site.client.post_key("/pay", "k").await;
    site.client
        .post("/pay")
        .key("other")
        .json(r#"{"amount":77777}"#)
        .send()
        .await;
    let changed = |key| {
        site.client
            .post("/pay")
            .key(key)
            .json(r#"{"amount":10 }"#)
            .send()
    };
    let (of_first, of_other) = (changed("k").await, changed("other").await);
    assert_eq!(of_first.problem(), (422, "idempotency_mismatch".to_owned()));
    assert_eq!(of_first.recorded(), of_other.recorded());
    assert_eq!(site.app.runs(), 2);
}

#[tokio::test]
async fn equal_bodies_to_two_paths_of_one_route_are_a_mismatch_and_not_a_replay() {
    let site = site().await;
    let first = site.client.post_key("/tasks/1/notes/1", "k").await;
    let other = site.client.post_key("/tasks/2/notes/1", "k").await;
    assert_eq!(other.problem(), (422, "idempotency_mismatch".to_owned()));
    assert_replays(&first, &site.client.post_key("/tasks/1/notes/1", "k").await);
}

#[tokio::test]
async fn a_nested_router_hides_nothing_of_the_path() {
    let site = site().await;
    let first = site.client.post_key("/orgs/1/pay", "k").await;
    assert_eq!(
        site.client.post_key("/orgs/2/pay", "k").await.problem().0,
        422
    );
    assert_replays(&first, &site.client.post_key("/orgs/1/pay", "k").await);
    assert!(
        site.client
            .post_key("/orgs/1/by-path", "k")
            .await
            .status
            .is_success()
    );
    let other = site.client.post_key("/orgs/2/by-path", "k").await;
    assert_eq!(
        (other.status, other.is_replay()),
        (StatusCode::OK, false),
        "another path is another record"
    );
}

#[tokio::test]
async fn another_query_is_a_mismatch() {
    let site = site().await;
    site.client.post_key("/pay?a=1", "k").await;
    for query in ["/pay?a=2", "/pay", "/pay?", "/pay?a=%31"] {
        assert_eq!(
            site.client.post_key(query, "k").await.problem().0,
            422,
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_running_attempt_answers_409_with_retry_after_and_then_its_outcome() {
    let site = site().await;
    let first = tokio::spawn({
        let client = site.client.clone();
        async move { client.post_key("/wait", "k").await }
    });
    site.app.gate.arrival().await;
    let retry = site.client.post_key("/wait", "k").await;
    assert_eq!(retry.problem(), (409, "idempotency_pending".to_owned()));
    assert_eq!(retry.header("retry-after"), Some("1"));
    let changed = site.client.post("/wait").key("k").json("{}").send().await;
    assert_eq!(
        changed.problem().1,
        "idempotency_mismatch",
        "a mismatch is told before anything else"
    );

    site.app.gate.let_one_through();
    assert_replays(
        &first.await.unwrap(),
        &site.client.post_key("/wait", "k").await,
    );
}

#[tokio::test]
async fn mismatch_and_pending_take_other_statuses() {
    let site = site().await;
    let first = tokio::spawn({
        let client = site.client.clone();
        async move { client.post_key("/other-statuses", "k").await }
    });
    site.app.gate.arrival().await;
    let running = site.client.post_key("/other-statuses", "k").await;
    assert_eq!(running.problem(), (425, "idempotency_pending".to_owned()));
    let changed = site
        .client
        .post("/other-statuses")
        .key("k")
        .json("{}")
        .send()
        .await;
    assert_eq!(changed.problem(), (409, "idempotency_mismatch".to_owned()));
    site.app.gate.let_one_through();
    first.await.unwrap();
}

#[tokio::test]
async fn a_failure_is_replayed_and_an_answer_that_did_nothing_gives_the_key_back() {
    let site = site().await;
    for code in [400, 402, 404, 409, 422, 500, 502, 504] {
        let path = format!("/status/{code}");
        let first = site.client.post_key(&path, &path).await;
        assert_eq!(first.status.as_u16(), code);
        assert_replays(&first, &site.client.post_key(&path, &path).await);
    }
    for code in [401, 408, 425, 429, 503] {
        let path = format!("/status/{code}");
        let first = site.client.post_key(&path, &path).await;
        let second = site.client.post_key(&path, &path).await;
        assert!(!second.is_replay());
        assert_ne!(first.body, second.body, "it ran again");
    }
}

#[tokio::test]
async fn release_says_which_outcomes_give_the_key_back() {
    let site = site().await;
    for (setting, given_back, kept) in [
        (
            "listed",
            [409, 502, 503].as_slice(),
            [401, 429, 500, 505].as_slice(),
        ),
        (
            "failures",
            [400, 404, 422, 500, 599].as_slice(),
            [200, 201, 303].as_slice(),
        ),
        ("never", [].as_slice(), [200, 401, 429, 500, 503].as_slice()),
    ] {
        for (codes, replayed) in [(given_back, false), (kept, true)] {
            for code in codes {
                let path = format!("/release/{setting}/{code}");
                site.client.post_key(&path, &path).await;
                let retry = site.client.post_key(&path, &path).await;
                assert_eq!(retry.is_replay(), replayed, "{path}");
                assert_eq!(retry.status.as_u16(), *code, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn what_a_type_declares_goes_before_its_status() {
    let site = site().await;
    for _ in 0..2 {
        assert!(
            !site
                .client
                .post_key("/declared/retriable", "a")
                .await
                .is_replay()
        );
    }
    assert!(
        !site
            .client
            .post_key("/declared/final", "b")
            .await
            .is_replay()
    );
    assert!(
        site.client
            .post_key("/declared/final", "b")
            .await
            .is_replay()
    );
}

#[tokio::test]
async fn a_released_key_takes_any_request() {
    let site = site().await;
    site.client.post_key("/status/503", "k").await;
    let changed = site
        .client
        .post("/status/503")
        .key("k")
        .json("{}")
        .send()
        .await;
    assert_eq!((changed.status.as_u16(), changed.text()), (503, "2"));
}

#[tokio::test]
async fn safe_methods_run_unprotected() {
    let site = site().await;
    site.app.gate.let_one_through();
    site.app.gate.let_one_through();
    for run in 1..=2 {
        let read = site
            .client
            .request(Method::GET, "/wait")
            .key("k")
            .send()
            .await;
        assert_eq!(
            (read.text(), read.is_replay()),
            (format!("run {run}").as_str(), false)
        );
    }
}

#[tokio::test]
async fn without_a_key_an_optional_endpoint_runs_unprotected_and_a_malformed_one_is_refused() {
    let site = site().await;
    for run in 1..=2 {
        let unprotected = site.client.post("/optional").send().await;
        assert_eq!(
            (unprotected.text(), unprotected.is_replay()),
            (run.to_string().as_str(), false)
        );
    }
    let malformed = site.client.post("/optional").key("a,b").send().await;
    assert_eq!(
        malformed.problem(),
        (400, "idempotency_key_invalid".to_owned())
    );
    let first = site.client.post("/optional").key("k").send().await;
    assert_replays(&first, &site.client.post("/optional").key("k").send().await);
}

#[tokio::test]
async fn without_a_fingerprint_another_body_is_a_replay_and_another_query_a_mismatch() {
    let site = site().await;
    let first = site
        .client
        .post("/any-body")
        .key("k")
        .body("text/plain", "one")
        .send()
        .await;
    let retry = site
        .client
        .post("/any-body")
        .key("k")
        .body("text/plain", "two")
        .send()
        .await;
    assert_replays(&first, &retry);
    assert_eq!(
        site.client
            .post("/any-body?x")
            .key("k")
            .body("text/plain", "one")
            .send()
            .await
            .problem()
            .0,
        422
    );
}

#[tokio::test]
async fn operation_decides_what_a_key_is_bound_to() {
    let site = site().await;
    let run = |path: &'static str| async {
        let reply = site.client.post_key(path, "k").await;
        reply.status.is_success().then(|| reply.text().to_owned())
    };
    assert_eq!(run("/by-path/1").await, Some("1".to_owned()));
    assert_eq!(
        run("/by-path/2").await,
        Some("2".to_owned()),
        "another path is another record"
    );
    assert_eq!(run("/by-name/a").await, Some("3".to_owned()));
    assert_eq!(
        run("/by-name/b").await,
        None,
        "the name is shared, and the path makes it another request"
    );
    assert_eq!(run("/not/routed/1").await, Some("4".to_owned()));
    assert_eq!(
        run("/not/routed/2").await,
        Some("5".to_owned()),
        "where there is no template the path stands for it"
    );
}

#[tokio::test]
async fn a_record_lives_until_its_time_has_come_counted_from_completion() {
    let site = site().await;
    let run =
        |path: &'static str| async { site.client.post_key(path, "k").await.text().to_owned() };
    assert_eq!(
        (run("/short-lived").await, run("/immortal").await),
        ("1".to_owned(), "2".to_owned())
    );
    site.clock
        .advance(Duration::from_hours(1) - Duration::from_millis(1));
    assert_eq!(run("/short-lived").await, "1");
    site.clock.advance(Duration::from_millis(1));
    assert_eq!(run("/short-lived").await, "3");
    site.clock.advance(Duration::from_hours(24 * 365 * 100));
    assert_eq!(run("/immortal").await, "2");
}

#[tokio::test]
async fn an_oversize_outcome_reaches_its_first_caller_whole_and_is_never_run_again() {
    let site = site().await;
    for path in ["/echo", "/stream"] {
        let send = |key: &'static str, body: &'static str| {
            site.client
                .post(path)
                .key(key)
                .body("text/plain", body)
                .send()
        };
        assert_eq!(send("fits", "12345678").await.text(), "12345678");
        assert!(send("fits", "12345678").await.is_replay(), "{path}");
        let runs = site.app.runs();
        assert_eq!(send("over", "123456789").await.text(), "123456789");
        assert_eq!(
            send("over", "123456789").await.problem(),
            (409, "idempotency_outcome_not_kept".to_owned())
        );
        assert_eq!(site.app.runs(), runs + 1, "{path}");
    }
}

#[tokio::test]
async fn a_replay_is_faithful_but_for_what_belongs_to_one_answer_alone() {
    let site = site().await;
    let first = site.client.post_key("/faithful", "k").await;
    let retry = site.client.post_key("/faithful", "k").await;
    assert_eq!(first.header("set-cookie"), Some("session=secret"));
    assert_eq!(retry.status, StatusCode::ACCEPTED);
    assert_eq!(retry.body, first.body);
    assert_eq!(retry.body.len(), 256);
    let values = |reply: &Reply, name| {
        reply
            .headers
            .get_all(name)
            .iter()
            .cloned()
            .collect::<Vec<_>>()
    };
    for name in [
        "vary",
        "etag",
        "content-encoding",
        "content-type",
        "content-length",
        "x-bytes",
    ] {
        assert_eq!(values(&first, name), values(&retry, name), "{name}");
    }
    assert_eq!(values(&retry, "vary").len(), 2);
    for name in [
        "set-cookie",
        "x-hop",
        "x-request-id",
        "keep-alive",
        "proxy-authenticate",
        "te",
        "trailer",
        "upgrade",
    ] {
        assert_eq!(retry.header(name), None, "{name}");
    }
    assert_eq!(retry.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn no_content_is_replayed_without_a_body() {
    let site = site().await;
    let first = site.client.post_key("/no-content", "k").await;
    assert_eq!((first.status.as_u16(), first.text()), (204, ""));
    assert_replays(&first, &site.client.post_key("/no-content", "k").await);
}

#[tokio::test]
async fn a_rejected_argument_leaves_the_key_free() {
    let site = site().await;
    let refused = site
        .client
        .post("/pay")
        .key("k")
        .header("x-org", "nobody")
        .json(r#"{"amount":1}"#)
        .send()
        .await;
    assert_eq!(
        (refused.status.as_u16(), refused.text()),
        (401, "who are you?")
    );
    let refused = site
        .client
        .post("/pay")
        .key("k")
        .json(r#"{"amount":"ten"}"#)
        .send()
        .await;
    assert_eq!(refused.status.as_u16(), UNFIT_JSON);
    assert_eq!(
        refused.header("content-type"),
        Some("text/plain; charset=utf-8"),
        "the framework's own rejection"
    );
    assert_eq!(
        site.client.post_key("/pay", "k").await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn credentials_are_checked_before_the_key_and_the_body() {
    let site = site().await;
    let refused = site
        .client
        .post("/pay")
        .header("x-org", "nobody")
        .body("text/plain", vec![0; 3 << 20])
        .send()
        .await;
    assert_eq!(refused.status.as_u16(), 401);
}

#[tokio::test]
async fn without_the_layer_the_answer_is_500_and_reveals_nothing() {
    let app = App::default();
    let server = Server::start(routes(app.clone())).await;
    let refused = Client::at(server.addr()).post_key("/pay", "k").await;
    assert_eq!(
        refused.problem(),
        (500, "idempotency_misconfigured".to_owned())
    );
    assert!(!refused.text().contains("layer"), "{}", refused.text());
    assert_eq!(app.runs(), 0);
}

#[tokio::test]
async fn the_marker_can_be_renamed_or_left_out() {
    let serve = async |idempotency: Idempotency| {
        let server = Server::start(routes(App::default()).protect(idempotency)).await;
        let client = Client::at(server.addr());
        client.post_key("/pay", "k").await;
        client.post_key("/pay", "k").await
    };
    let renamed = Idempotency::builder(MemoryStore::new())
        .replayed_header("X-Replay")
        .build()
        .await
        .unwrap();
    let replay = serve(renamed).await;
    assert_eq!(
        (
            replay.header("x-replay"),
            replay.header("idempotency-replayed")
        ),
        (Some("true"), None)
    );
    let silent = Idempotency::builder(MemoryStore::new())
        .without_replayed_header()
        .build()
        .await
        .unwrap();
    assert_eq!(serve(silent).await.header("idempotency-replayed"), None);
}

#[tokio::test]
async fn two_handles_share_a_store_and_two_namespaces_do_not_meet() {
    let store = MemoryStore::new();
    let mut runs = HashMap::new();
    for namespace in ["a", "b", "a"] {
        let idempotency = Idempotency::builder(store.clone())
            .namespace(namespace)
            .build()
            .await
            .unwrap();
        let app = App::default();
        let server = Server::start(routes(app.clone()).protect(idempotency)).await;
        Client::at(server.addr()).post_key("/pay", "k").await;
        *runs.entry(namespace).or_insert(0) += app.runs();
    }
    assert_eq!(runs, HashMap::from([("a", 1), ("b", 1)]));
}
