//! What a handler learns of its own attempt: `Attempt`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idempotent_runtime::clock::{Clock as _, ManualClock};
use idempotent_runtime::policy::Policy;
use idempotent_runtime::{Idempotency, MemoryStore};
use idempotent_tests::{Client, FaultyStore, Gate, Reply, Step, When, bounded, until};
use reqwest::Method;
use tokio::task::JoinHandle;

use crate::host::{
    Answer, Attempt, Bytes, Path, PublishError, Routes, Server, State, idempotent, turn,
};

/// What a run saw of its attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    rerun: bool,
    charge: String,
    refund: String,
}

#[derive(Clone, Default)]
struct App {
    runs: Arc<AtomicUsize>,
    /// How many runs are still to panic.
    panics: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<Seen>>>,
    lost: Arc<Mutex<Vec<usize>>>,
    published: Arc<Mutex<Vec<Result<(), PublishError>>>>,
    gate: Gate,
}

impl App {
    fn run(&self) -> usize {
        self.runs.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn look(&self, attempt: &Attempt) -> String {
        let seen = Seen {
            rerun: attempt.is_rerun(),
            charge: attempt.derive("charge"),
            refund: attempt.derive("refund"),
        };
        assert_eq!(seen.charge, attempt.clone().derive("charge"));
        self.seen.lock().unwrap().push(seen);
        let run = self.run();
        let left = self
            .panics
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        assert!(left.is_err(), "run {run} panics");
        format!("run {run}")
    }

    fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

#[idempotent(scope = global, missing = unprotected)]
async fn first(attempt: Attempt, State(app): State<App>, _body: Bytes) -> String {
    app.look(&attempt)
}

#[idempotent(scope = global, missing = unprotected)]
async fn middle(State(app): State<App>, attempt: Attempt, _body: Bytes) -> String {
    app.look(&attempt)
}

#[idempotent(scope = global, missing = unprotected)]
async fn last(State(app): State<App>, attempt: Attempt) -> String {
    app.look(&attempt)
}

#[idempotent(scope = global, missing = unprotected)]
async fn only_inert(State(app): State<App>, attempt: Attempt) -> String {
    let published = attempt.publish("published").await;
    app.published.lock().unwrap().push(published);
    let is_lost = tokio::select! {
        biased;
        () = attempt.lost() => true,
        () = tokio::task::yield_now() => false,
    };
    format!("{is_lost} {}", app.look(&attempt))
}

#[idempotent(scope = global, lease = "30s")]
async fn watchful(attempt: Attempt, State(app): State<App>) -> String {
    let run = app.run();
    tokio::select! {
        () = attempt.lost() => app.lost.lock().unwrap().push(run),
        () = app.gate.pass() => {}
    }
    format!("run {run}")
}

const SMALL: Policy = Policy::new().max_response(16);

#[idempotent(scope = global, lease = "30s", pending = provisional("5s"), policy = SMALL)]
async fn publisher(
    State(app): State<App>,
    attempt: Attempt,
    Path((text, status)): Path<(String, u16)>,
) -> Answer {
    let run = app.run();
    app.gate.pass().await;
    let published = attempt.publish(Answer::new(202, text)).await;
    app.published.lock().unwrap().push(published);
    Answer::new(status, format!("run {run}"))
}

struct Site {
    app: App,
    client: Client,
    idempotency: Idempotency,
    store: FaultyStore,
    store_clock: ManualClock,
    clock: ManualClock,
    _server: Server,
}

async fn site() -> Site {
    let (store_clock, clock) = (ManualClock::new(), ManualClock::new());
    let store = FaultyStore::new(MemoryStore::with_clock(Arc::new(store_clock.clone())));
    let idempotency = Idempotency::builder(store.clone())
        .clock(clock.clone())
        .sweep_interval(Duration::ZERO)
        .build()
        .await
        .unwrap();
    let app = App::default();
    let router = Routes::new(app.clone())
        .any("/first", first)
        .any("/middle", middle)
        .any("/last", last)
        .any("/inert", only_inert)
        .post("/watchful", watchful)
        .post("/publisher/{text}/{status}", publisher)
        .catch_panics()
        .protect(idempotency.clone());
    let server = Server::start(router).await;
    Site {
        client: Client::at(server.addr()),
        app,
        idempotency,
        store,
        store_clock,
        clock,
        _server: server,
    }
}

impl Site {
    fn spawn(&self, path: &'static str) -> JoinHandle<Reply> {
        let client = self.client.clone();
        tokio::spawn(async move { client.post_key(path, "k").await })
    }

    /// Starts a call and waits until its handler stands before the gate, under its heartbeat and deadline.
    async fn start(&self, path: &'static str) -> JoinHandle<Reply> {
        let call = self.spawn(path);
        self.app.gate.arrival().await;
        // The heartbeat, which all attempts share, and a deadline for each.
        until(|| self.clock.sleepers() == self.idempotency.in_flight() + 1).await;
        call
    }

    fn lost(&self) -> Vec<usize> {
        self.app.lost.lock().unwrap().clone()
    }

    fn published(&self) -> Vec<Result<(), PublishError>> {
        self.app.published.lock().unwrap().clone()
    }
}

fn told(reply: &Reply) -> (u16, &str, bool) {
    (reply.status.as_u16(), reply.text(), reply.is_replay())
}

#[tokio::test]
async fn it_stands_anywhere_among_the_arguments_and_knows_a_rerun() {
    bounded(async {
        let site = site().await;
        for path in ["/first", "/middle", "/last"] {
            site.app.panics.store(2, Ordering::SeqCst);
            for _ in 0..2 {
                let panicked = site.client.post_key(path, "k").await;
                assert_eq!(panicked.status.as_u16(), 500, "{path}");
            }
            assert_eq!(site.client.post_key(path, "k").await.status.as_u16(), 200);
            assert!(site.client.post_key(path, "k").await.is_replay());
            let seen = site.app.seen();
            let reruns: Vec<_> = seen.iter().map(|seen| seen.rerun).collect();
            assert_eq!(reruns, [false, true, true], "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_derived_key_is_equal_on_every_attempt_of_a_record() {
    bounded(async {
        let site = site().await;
        site.app.panics.store(2, Ordering::SeqCst);
        for _ in 0..3 {
            site.client.post_key("/last", "k").await;
        }
        let seen = site.app.seen();
        assert_eq!(seen.len(), 3);
        assert!(
            seen.iter()
                .all(|one| one.charge == seen[0].charge && one.refund == seen[0].refund)
        );
    })
    .await;
}

#[tokio::test]
async fn a_derived_key_is_another_for_every_purpose_record_and_secret_and_is_a_uuid() {
    bounded(async {
        let site = site().await;
        for (path, key) in [("/last", "a"), ("/last", "b"), ("/first", "a")] {
            assert_eq!(site.client.post_key(path, key).await.status.as_u16(), 200);
        }
        let with_secret = Idempotency::builder(MemoryStore::new())
            .secret("a secret of 16 bytes")
            .build()
            .await
            .unwrap();
        let router = Routes::new(site.app.clone())
            .post("/last", last)
            .protect(with_secret);
        let server = Server::start(router).await;
        Client::at(server.addr()).post_key("/last", "a").await;
        let seen = site.app.seen();
        assert_eq!(seen.len(), 4);
        let mut keys: Vec<_> = seen
            .into_iter()
            .flat_map(|seen| [seen.charge, seen.refund])
            .collect();
        for key in &keys {
            let uuid = uuid::Uuid::parse_str(key).unwrap();
            assert_eq!(uuid.get_version_num(), 8, "{key}");
            assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
            assert_eq!(uuid.hyphenated().to_string(), *key);
        }
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 8, "all differ: {keys:?}");
    })
    .await;
}

#[tokio::test]
async fn it_is_inert_where_nothing_is_protected() {
    bounded(async {
        let site = site().await;
        for (method, key) in [(Method::POST, None), (Method::GET, Some("k"))] {
            for path in ["/first", "/middle", "/last", "/inert"] {
                for _ in 0..2 {
                    let request = site.client.request(method.clone(), path);
                    let reply = match key {
                        Some(key) => request.key(key).send().await,
                        None => request.send().await,
                    };
                    assert_eq!(reply.status.as_u16(), 200);
                    assert!(!reply.text().starts_with("true"), "it is never lost");
                }
                let seen = site.app.seen();
                assert_eq!(seen.len(), 2, "{method} {path}");
                assert!(!seen[0].rerun && !seen[1].rerun);
                assert_ne!(seen[0].charge, seen[0].refund);
                assert_ne!(
                    seen[0].charge, seen[1].charge,
                    "two runs are two charges: {method} {path}"
                );
            }
        }
        assert_eq!(site.published(), [Ok(()); 4]);
        assert_eq!(site.store.sent(Step::Publish), 0);
    })
    .await;
}

#[tokio::test]
async fn it_is_lost_when_another_attempt_has_taken_over() {
    bounded(async {
        let site = site().await;
        let first = site.start("/watchful").await;
        site.store_clock.advance(Duration::from_secs(30));
        let second = site.start("/watchful").await;
        assert_eq!(site.lost(), [0; 0]);
        // Both renew: the first is told that it is too late, the second holds the record.
        site.clock.advance(Duration::from_secs(10));
        until(|| !site.lost().is_empty()).await;
        assert_eq!(
            first.await.unwrap().problem(),
            (409, "idempotency_pending".to_owned())
        );
        until(|| site.clock.sleepers() == 2).await;
        assert_eq!(site.lost(), [1]);
        site.app.gate.let_one_through();
        assert_eq!(told(&second.await.unwrap()), (200, "run 2", false));
        assert_eq!(
            told(&site.client.post_key("/watchful", "k").await),
            (200, "run 2", true)
        );
    })
    .await;
}

#[tokio::test]
async fn it_is_lost_when_no_renewal_came_through_before_the_lease_ran_out() {
    bounded(async {
        let site = site().await;
        let first = site.start("/watchful").await;
        site.store.fail(Step::Renew, When::Before, usize::MAX);
        let lease = Duration::from_secs(30);
        while site.clock.monotonic() < lease {
            assert_eq!(site.lost(), [0; 0]);
            site.clock.advance(Duration::from_millis(100));
            // The heartbeat sleeps again until the next try.
            until(|| site.clock.sleepers() == 2 || site.clock.monotonic() >= lease).await;
            turn().await;
        }
        until(|| !site.lost().is_empty()).await;
        // Nobody took it over, so it could still be completed.
        assert_eq!(told(&first.await.unwrap()), (200, "run 1", false));
        assert!(site.client.post_key("/watchful", "k").await.is_replay());
    })
    .await;
}

#[tokio::test]
async fn it_is_not_lost_while_renewals_come_through() {
    bounded(async {
        let site = site().await;
        let first = site.start("/watchful").await;
        for _ in 0..20 {
            site.clock.advance(Duration::from_secs(10));
            site.store.answered(Step::Renew).await;
            until(|| site.clock.sleepers() == 2).await;
        }
        assert_eq!(site.lost(), [0; 0]);
        site.app.gate.let_one_through();
        assert_eq!(told(&first.await.unwrap()), (200, "run 1", false));
    })
    .await;
}

#[tokio::test]
async fn publishing_after_the_record_was_lost_says_so_and_shows_nothing() {
    bounded(async {
        let site = site().await;
        let first = site.start("/publisher/hello/201").await;
        site.store_clock.advance(Duration::from_secs(30));
        let second = site.start("/publisher/hello/201").await;
        site.app.gate.let_one_through();
        assert_eq!(
            first.await.unwrap().problem(),
            (409, "idempotency_pending".to_owned())
        );
        assert!(matches!(
            site.published()[..],
            [Err(PublishError::Lost { .. })]
        ));
        site.app.gate.let_one_through();
        assert_eq!(told(&second.await.unwrap()), (201, "run 2", false));
        assert_eq!(site.published()[1], Ok(()));
    })
    .await;
}

#[tokio::test]
async fn what_is_too_large_is_not_published_and_the_key_can_still_be_given_back() {
    bounded(async {
        let site = site().await;
        for (text, expected) in [
            ("/publisher/sixteen-letters!/503", None),
            ("/publisher/seventeen-letters/503", Some("too large")),
        ] {
            site.app.gate.let_one_through();
            assert_eq!(site.client.post_key(text, text).await.status.as_u16(), 503);
            site.app.gate.let_one_through();
            let retry = site.client.post_key(text, text).await;
            assert_eq!(retry.is_replay(), expected.is_none(), "{text}");
        }
        let published = site.published();
        assert_eq!(published[0], Ok(()));
        assert!(
            published[1..]
                .iter()
                .all(|it| matches!(it, Err(PublishError::TooLarge { .. }))),
            "{published:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn what_may_have_been_published_is_treated_as_if_it_were() {
    bounded(async {
        for (when, path) in [
            (When::Before, "/publisher/before/503"),
            (When::After, "/publisher/after/503"),
        ] {
            let site = site().await;
            site.store.fail(Step::Publish, when, usize::MAX);
            let call = site.start(path).await;
            site.app.gate.let_one_through();
            while !call.is_finished() {
                site.clock.advance(Duration::from_millis(100));
                turn().await;
            }
            let call = call.await.unwrap();
            assert_eq!(told(&call).0, 503);
            assert!(matches!(
                site.published().last(),
                Some(Err(PublishError::Unavailable { .. }))
            ));
            let retry = site.client.post_key(path, "k").await;
            assert_eq!(
                told(&retry),
                (503, call.text(), true),
                "the failure is final"
            );
            assert_eq!(site.idempotency.in_flight(), 0);
        }
    })
    .await;
}
