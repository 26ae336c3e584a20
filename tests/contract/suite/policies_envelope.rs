//! The application's own envelope and documentation, and what an operator does to single records.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::identity::AttemptId;
use idempotent_runtime::outcome::{Headers, Outcome};
use idempotent_runtime::policy::{Policy, Ttl};
use idempotent_runtime::store::{Completion, Fence, Record, Resolution, State as Stored};
use idempotent_runtime::{
    BuildError, Code, Disposition, Idempotency, IdempotencyBuilder, MemoryStore,
};
use idempotent_tests::{
    Client, FaultyStore, Gate, RawConnection, Reply, Step, When, bounded, until,
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::host::{Answer, Bytes, Routes, Server, State, idempotent};

#[derive(Clone, Default)]
struct App {
    runs: Arc<AtomicUsize>,
    panics: Arc<AtomicBool>,
    gate: Gate,
}

impl App {
    fn run(&self) -> String {
        format!("run {}", self.runs.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

const SMALL: Policy = Policy::new().max_body(64).max_response(16);

#[idempotent(scope = global, policy = SMALL, mismatch = reject(409))]
async fn pay(State(app): State<App>, body: Bytes) -> Answer {
    let run = app.run();
    match &body[..] {
        b"wait" => app.gate.pass().await,
        b"large" => {
            return Answer::new(201, format!("{run} and much more than is kept"));
        }
        _ => {}
    }
    Answer::new(201, run)
}

#[idempotent(scope = global, abandoned = refuse, lease = "30s")]
async fn refuse(State(app): State<App>) -> Answer {
    let run = app.run();
    app.gate.pass().await;
    assert!(!app.panics.load(Ordering::SeqCst), "{run} panics");
    Answer::new(201, run)
}

#[idempotent(scope = global, key = path("id"))]
async fn no_such_parameter(State(app): State<App>) -> String {
    app.run()
}

struct Site {
    app: App,
    client: Client,
    spy: FaultyStore,
    store: FaultyStore,
    store_clock: ManualClock,
    idempotency: Idempotency,
    server: Server,
}

async fn site(configure: impl FnOnce(IdempotencyBuilder) -> IdempotencyBuilder) -> Site {
    let store_clock = ManualClock::new();
    let store = FaultyStore::new(MemoryStore::with_clock(Arc::new(store_clock.clone())));
    let spy = FaultyStore::new(store.clone());
    let idempotency = configure(Idempotency::builder(spy.clone()))
        .build()
        .await
        .unwrap();
    let app = App::default();
    let router = Routes::new(app.clone())
        .post("/pay", pay)
        .post("/refuse", refuse)
        .post("/no-such-parameter", no_such_parameter)
        .nest("/nested", |routes| routes.post("/pay", pay))
        .catch_panics()
        .protect(idempotency.clone());
    let server = Server::start(router).await;
    Site {
        client: Client::at(server.addr()),
        app,
        spy,
        store,
        store_clock,
        idempotency,
        server,
    }
}

impl Site {
    async fn pay(&self, key: &str, body: &'static str) -> Reply {
        self.client
            .post("/pay?q=1")
            .key(key)
            .header("x-request-id", "r-17")
            .body("text/plain", body)
            .send()
            .await
    }

    fn spawn(&self, path: &'static str, body: &'static str) -> JoinHandle<Reply> {
        let client = self.client.clone();
        tokio::spawn(async move {
            client
                .post(path)
                .key("k")
                .body("text/plain", body)
                .send()
                .await
        })
    }

    /// One refusal of each code that a client can bring about, and whether its key is known by then.
    async fn refusals(&self) -> Vec<(Code, Option<&'static str>, Reply)> {
        let mut refusals = Vec::new();
        let unkeyed = self.client.post("/pay?q=1").header("x-request-id", "r-17");
        refusals.push((Code::KeyMissing, None, unkeyed.send().await));
        refusals.push((Code::KeyInvalid, None, self.pay("a,b", "x").await));
        let long = "x".repeat(65).leak();
        refusals.push((Code::BodyTooLarge, Some("big"), self.pay("big", long).await));
        self.pay("used", "one").await;
        refusals.push((Code::Mismatch, Some("used"), self.pay("used", "two").await));
        self.pay("large", "large").await;
        refusals.push((
            Code::OutcomeNotKept,
            Some("large"),
            self.pay("large", "large").await,
        ));
        let client = self.client.clone();
        let first = tokio::spawn(async move {
            client
                .post("/pay?q=1")
                .key("w")
                .body("text/plain", "wait")
                .send()
                .await
        });
        self.app.gate.arrival().await;
        refusals.push((Code::Pending, Some("w"), self.pay("\"w\"", "wait").await));
        self.app.gate.let_one_through();
        first.await.unwrap();
        self.store.fail(Step::Claim, When::Before, usize::MAX);
        refusals.push((
            Code::StoreUnavailable,
            Some("down"),
            self.pay("down", "x").await,
        ));
        self.store.heal(Step::Claim);
        refusals
    }

    async fn record(&self) -> Option<Record> {
        self.idempotency
            .load(self.spy.last_claimed())
            .await
            .unwrap()
    }
}

fn envelope(builder: IdempotencyBuilder) -> IdempotencyBuilder {
    crate::host::envelope(builder, |code, asked, key| {
        let body = json!({
            "error": code.as_str(),
            "request_id": asked.header("x-request-id"),
            "request": format!("{} {}", asked.method, asked.uri),
            "key": key,
        });
        Answer::json(code.status(), &body).header("x-envelope", "ours")
    })
}

fn body_of(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

#[tokio::test]
async fn every_refusal_is_in_the_envelope_which_is_told_of_code_request_and_key() {
    bounded(async {
        let site = site(envelope).await;
        let refusals = site.refusals().await;
        assert_eq!(refusals.len(), 7);
        for (code, key, reply) in refusals {
            assert_eq!(reply.status.as_u16(), code.status(), "{code:?}");
            assert_eq!(reply.header("x-envelope"), Some("ours"), "{code:?}");
            assert_eq!(
                reply.header("content-type"),
                Some("application/json"),
                "{code:?}"
            );
            assert_eq!(
                body_of(&reply),
                json!({
                    "error": code.as_str(),
                    "request_id": "r-17",
                    "request": "POST /pay?q=1",
                    "key": key,
                }),
                "{code:?}"
            );
            let retry_after = match code {
                Code::Pending | Code::StoreUnavailable => Some("1"),
                _ => None,
            };
            assert_eq!(reply.header("retry-after"), retry_after, "{code:?}");
            assert_eq!(reply.header("link"), None, "{code:?}");
            assert!(!reply.is_replay());
        }
    })
    .await;
}

#[tokio::test]
async fn the_envelope_serves_for_unreadable_bodies_overload_wrong_set_up_and_unknown_outcomes() {
    bounded(async {
        let site = site(|builder| envelope(builder).max_in_flight(1)).await;
        let misconfigured = site.client.post("/no-such-parameter").send().await;
        assert_eq!(body_of(&misconfigured)["error"], "idempotency_misconfigured");

        let mut broken = RawConnection::open(site.server.addr()).await;
        broken
            .write("POST /pay HTTP/1.1\r\nhost: h\r\nconnection: close\r\nidempotency-key: k\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")
            .await;
        let broken = broken.read_to_end().await;
        assert!(broken.starts_with("HTTP/1.1 400"), "{broken}");
        assert!(broken.contains(r#""error":"idempotency_body_unreadable""#), "{broken}");

        let first = site.spawn("/refuse", "");
        site.app.gate.arrival().await;
        let overloaded = site.pay("other", "x").await;
        assert_eq!(body_of(&overloaded)["error"], "idempotency_overloaded");
        assert_eq!(overloaded.header("retry-after"), Some("1"));
        site.app.panics.store(true, Ordering::SeqCst);
        site.app.gate.let_one_through();
        assert_eq!(first.await.unwrap().text(), "Service panicked");
        let unknown = site.spawn("/refuse", "").await.unwrap();
        assert_eq!(body_of(&unknown)["error"], "idempotency_outcome_unknown");
        assert_eq!(body_of(&unknown)["key"], "k");
        assert_eq!(site.app.runs.load(Ordering::SeqCst), 1);
    })
    .await;
}

#[tokio::test]
async fn below_a_nested_router_the_envelope_sees_the_request_as_the_client_sent_it() {
    bounded(async {
        let site = site(envelope).await;
        let refused = site.client.post("/nested/pay?q=1").send().await;
        assert_eq!(body_of(&refused)["request"], "POST /nested/pay?q=1");
    })
    .await;
}

#[tokio::test]
async fn an_envelope_that_says_so_itself_is_not_overruled() {
    bounded(async {
        let site = site(|builder| {
            let builder = builder.documentation("https://example.com/keys");
            crate::host::envelope(builder, |_, _, _| {
                let ours = Answer::new(418, "ours").header("retry-after", "7");
                ours.header("link", "<https://example.com/own>")
            })
        })
        .await;
        for (code, _, reply) in site.refusals().await {
            assert_eq!(
                (reply.status.as_u16(), reply.text()),
                (418, "ours"),
                "{code:?}"
            );
            assert_eq!(reply.header("retry-after"), Some("7"), "{code:?}");
            assert_eq!(
                reply.header("link"),
                Some("<https://example.com/own>"),
                "{code:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn documentation_is_linked_from_every_refusal() {
    bounded(async {
        const URL: &str = "https://example.com/docs?a=1#keys";
        let link = format!("<{URL}>; rel=\"describedby\"; type=\"text/html\"");
        let plain = site(|builder| builder.documentation(URL)).await;
        for (code, _, reply) in plain.refusals().await {
            assert_eq!(reply.problem().1, code.as_str());
            assert_eq!(body_of(&reply)["type"], URL, "{code:?}");
            assert_eq!(reply.header("link"), Some(link.as_str()), "{code:?}");
        }
        let enveloped = site(|builder| envelope(builder.documentation(URL))).await;
        for (code, _, reply) in enveloped.refusals().await {
            assert_eq!(reply.header("x-envelope"), Some("ours"));
            assert_eq!(reply.header("link"), Some(link.as_str()), "{code:?}");
        }
        // What is no refusal is left as it is.
        let done = plain.pay("fresh", "x").await;
        assert_eq!((done.status.as_u16(), done.header("link")), (201, None));
        assert_eq!(plain.pay("fresh", "x").await.header("link"), None);
    })
    .await;
}

#[tokio::test]
async fn without_documentation_refusals_are_problems_with_the_policys_own_status_and_no_link() {
    bounded(async {
        let site = site(|builder| builder).await;
        for (code, _, reply) in site.refusals().await {
            let status = match code {
                Code::Mismatch => 409,
                other => other.status(),
            };
            assert_eq!(reply.problem(), (status, code.as_str().to_owned()));
            assert_eq!(reply.header("link"), None);
        }
    })
    .await;
}

#[tokio::test]
async fn what_cannot_stand_in_a_link_is_not_taken() {
    bounded(async {
        for url in [
            "",
            "two words",
            "https://example.com/<x>",
            "https://example.com/é",
            "a\r\nb: c",
        ] {
            let refused = Idempotency::builder(MemoryStore::new())
                .documentation(url)
                .build()
                .await;
            assert!(
                matches!(refused, Err(BuildError::Documentation { .. })),
                "{url:?}"
            );
        }
    })
    .await;
}

/// An attempt on `/refuse` that ended without an outcome.
async fn abandoned() -> (Site, Record) {
    let site = site(|builder| builder).await;
    site.app.panics.store(true, Ordering::SeqCst);
    site.app.gate.let_one_through();
    assert_eq!(
        site.spawn("/refuse", "").await.unwrap().status.as_u16(),
        500
    );
    site.app.panics.store(false, Ordering::SeqCst);
    let record = site.record().await.unwrap();
    assert!(matches!(
        record.state,
        Stored::Running {
            abandoned: true,
            ..
        }
    ));
    let unknown = site.spawn("/refuse", "").await.unwrap();
    assert_eq!(
        unknown.problem(),
        (409, "idempotency_outcome_unknown".to_owned())
    );
    (site, record)
}

fn completion(text: &'static str) -> Resolution {
    let headers = Headers::pack([("x-settled", b"yes".as_slice())]).unwrap();
    let outcome = Outcome::new(201, headers, text);
    Resolution::Complete(Completion::new(
        Disposition::Completed,
        Some(outcome),
        Ttl::hours(1),
    ))
}

#[tokio::test]
async fn an_unknown_outcome_that_is_released_is_run_by_the_next_retry() {
    bounded(async {
        let (site, record) = abandoned().await;
        let id = site.spy.last_claimed();
        let settled = site
            .idempotency
            .resolve(id, record.attempt, Resolution::Release)
            .await;
        assert_eq!(settled.unwrap(), Fence::Held);
        assert_eq!(site.record().await, None);
        site.app.gate.let_one_through();
        let retry = site.spawn("/refuse", "").await.unwrap();
        assert_eq!((retry.text(), retry.is_replay()), ("run 2", false));
        assert!(site.spawn("/refuse", "").await.unwrap().is_replay());
    })
    .await;
}

#[tokio::test]
async fn an_unknown_outcome_that_is_completed_is_what_every_retry_gets() {
    bounded(async {
        let (site, record) = abandoned().await;
        let id = site.spy.last_claimed();
        let settled = site
            .idempotency
            .resolve(id, record.attempt, completion("settled"))
            .await;
        assert_eq!(settled.unwrap(), Fence::Held);
        for _ in 0..2 {
            let retry = site.spawn("/refuse", "").await.unwrap();
            assert_eq!(
                (
                    retry.status.as_u16(),
                    retry.text(),
                    retry.header("x-settled")
                ),
                (201, "settled", Some("yes"))
            );
            assert!(retry.is_replay());
        }
        assert_eq!(site.app.runs.load(Ordering::SeqCst), 1);
        // It is settled, and names another attempt now.
        let again = site
            .idempotency
            .resolve(id, record.attempt, Resolution::Release)
            .await;
        assert_eq!(again.unwrap(), Fence::Lost);
        // The outcome has the lifetime that it was given.
        site.store_clock.advance(Duration::from_hours(1));
        assert_eq!(site.record().await, None);
    })
    .await;
}

#[tokio::test]
async fn only_an_abandoned_record_of_the_attempt_that_was_seen_can_be_settled() {
    bounded(async {
        let (site, record) = abandoned().await;
        let id = site.spy.last_claimed();
        let stranger = AttemptId::random();
        for resolution in [Resolution::Release, completion("settled")] {
            let refused = site.idempotency.resolve(id, stranger, resolution).await;
            assert_eq!(refused.unwrap(), Fence::Lost);
        }
        assert_eq!(site.record().await, Some(record));

        let running = site.client.clone();
        let running = tokio::spawn(async move { running.post("/refuse").key("r").send().await });
        until(|| site.app.gate.arrivals() == 2).await;
        let id = site.spy.last_claimed();
        let attempt = site.record().await.unwrap().attempt;
        let refused = site
            .idempotency
            .resolve(id, attempt, Resolution::Release)
            .await;
        assert_eq!(refused.unwrap(), Fence::Lost, "its attempt has its lease");
        site.app.gate.let_one_through();
        assert_eq!(running.await.unwrap().status.as_u16(), 201);
        let attempt = site.record().await.unwrap().attempt;
        let refused = site
            .idempotency
            .resolve(id, attempt, Resolution::Release)
            .await;
        assert_eq!(refused.unwrap(), Fence::Lost, "it is done");
    })
    .await;
}

#[tokio::test]
async fn an_attempt_whose_record_was_settled_cannot_complete_it_any_more() {
    bounded(async {
        let site = site(|builder| builder).await;
        let first = site.spawn("/refuse", "");
        site.app.gate.arrival().await;
        site.store_clock.advance(Duration::from_secs(30));
        let record = site.record().await.unwrap();
        let settled = site
            .idempotency
            .resolve(
                site.spy.last_claimed(),
                record.attempt,
                completion("settled"),
            )
            .await;
        assert_eq!(settled.unwrap(), Fence::Held);
        site.app.gate.let_one_through();
        let first = first.await.unwrap();
        assert_eq!((first.text(), first.is_replay()), ("settled", true));
    })
    .await;
}

#[tokio::test]
async fn a_record_that_is_forgotten_is_run_by_the_next_request() {
    bounded(async {
        let site = site(|builder| builder).await;
        assert_eq!(site.pay("k", "x").await.text(), "run 1");
        let id = site.spy.last_claimed();
        let record = site.record().await.unwrap();
        assert!(matches!(
            record.state,
            Stored::Done {
                outcome: Some(_),
                ..
            }
        ));
        let stranger = AttemptId::random();
        assert_eq!(
            site.idempotency.forget(id, stranger).await.unwrap(),
            Fence::Lost
        );
        assert!(site.pay("k", "x").await.is_replay());
        assert_eq!(
            site.idempotency.forget(id, record.attempt).await.unwrap(),
            Fence::Held
        );
        assert_eq!(site.record().await, None);
        assert_eq!(site.pay("k", "another request").await.text(), "run 2");
    })
    .await;
}

#[tokio::test]
async fn an_attempt_whose_record_was_forgotten_goes_on_and_its_outcome_is_not_kept() {
    bounded(async {
        let site = site(|builder| builder).await;
        let first = site.spawn("/refuse", "");
        site.app.gate.arrival().await;
        let attempt = site.record().await.unwrap().attempt;
        let id = site.spy.last_claimed();
        assert_eq!(
            site.idempotency.forget(id, attempt).await.unwrap(),
            Fence::Held
        );
        site.app.gate.let_one_through();
        assert_eq!(first.await.unwrap().problem().1, "idempotency_pending");
        assert_eq!(site.record().await, None);
        site.app.gate.let_one_through();
        assert_eq!(site.spawn("/refuse", "").await.unwrap().text(), "run 2");
    })
    .await;
}

#[tokio::test]
async fn a_store_that_is_down_says_so_to_operators_too() {
    bounded(async {
        let (site, record) = abandoned().await;
        let id = site.spy.last_claimed();
        for step in [Step::Load, Step::Forget, Step::Resolve] {
            site.store.fail(step, When::Before, 1);
        }
        assert!(
            site.idempotency
                .load(id)
                .await
                .unwrap_err()
                .is_unavailable()
        );
        let forgotten = site.idempotency.forget(id, record.attempt).await;
        assert!(forgotten.unwrap_err().is_unavailable());
        let settled = site
            .idempotency
            .resolve(id, record.attempt, Resolution::Release)
            .await;
        assert!(settled.unwrap_err().is_unavailable());
        assert_eq!(site.record().await, Some(record));
    })
    .await;
}
