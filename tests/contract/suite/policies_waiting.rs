//! Duplicates that wait: `pending = wait` and `pending = provisional`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::{Idempotency, MemoryStore};
use idempotent_tests::{Client, FaultyStore, Gate, RawConnection, Reply, Step, bounded, until};
use tokio::task::JoinHandle;

use crate::host::{Answer, Attempt, Path, Routes, Server, State, idempotent, turn};

/// How the handler ends once the test lets it.
type How = String;

#[derive(Clone, Default)]
struct App {
    runs: Arc<AtomicUsize>,
    /// Those that were told that they are reruns.
    reruns: Arc<AtomicUsize>,
    /// Before something is published.
    before: Gate,
    /// Before the handler ends.
    gate: Gate,
}

impl App {
    fn run(&self) -> usize {
        self.runs.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    async fn end(&self, run: usize, how: &str) -> Answer {
        self.gate.pass().await;
        match how {
            "panic" if run == 1 => panic!("the first run panics"),
            "panic" => Answer::new(201, format!("run {run}")),
            code => Answer::new(code.parse().unwrap(), format!("run {run}")),
        }
    }
}

#[idempotent(scope = global, pending = wait("5s"), deadline = "1m", lease = "30s")]
async fn wait(State(app): State<App>, Path(how): Path<How>) -> Answer {
    let run = app.run();
    app.end(run, &how).await
}

#[idempotent(scope = global, pending = wait("5s"), abandoned = refuse)]
async fn wait_refuse(State(app): State<App>, Path(how): Path<How>) -> Answer {
    let run = app.run();
    app.end(run, &how).await
}

#[idempotent(scope = global, pending = provisional("5s"))]
async fn provisional(State(app): State<App>, attempt: Attempt, Path(how): Path<How>) -> Answer {
    let run = app.run();
    app.before.pass().await;
    if attempt.is_rerun() {
        app.reruns.fetch_add(1, Ordering::SeqCst);
    }
    let text = format!("accepted by run {run}");
    if run == 1 {
        attempt.publish(Answer::new(202, text)).await.unwrap();
    }
    app.end(run, &how).await
}

struct Site {
    app: App,
    client: Client,
    idempotency: Idempotency,
    store: FaultyStore,
    /// The store's.
    store_clock: ManualClock,
    /// The handle's.
    clock: ManualClock,
    server: Server,
}

async fn site() -> Site {
    let store_clock = ManualClock::new();
    let store = MemoryStore::with_clock(Arc::new(store_clock.clone()));
    process(App::default(), store, store_clock).await
}

/// A process with a handle and a clock of its own; the store may be shared with others.
async fn process(app: App, store: MemoryStore, store_clock: ManualClock) -> Site {
    let store = FaultyStore::new(store);
    let clock = ManualClock::new();
    let idempotency = Idempotency::builder(store.clone())
        .clock(clock.clone())
        .sweep_interval(Duration::ZERO)
        .build()
        .await
        .unwrap();
    let router = Routes::new(app.clone())
        .post("/wait/{how}", wait)
        .post("/wait-refuse/{how}", wait_refuse)
        .post("/provisional/{how}", provisional)
        .catch_panics()
        .protect(idempotency.clone());
    let server = Server::start(router).await;
    Site {
        app,
        client: Client::at(server.addr()),
        idempotency,
        store,
        store_clock,
        clock,
        server,
    }
}

/// Two processes with one store and one application.
async fn two_processes() -> (Site, Site) {
    let (app, store_clock) = (App::default(), ManualClock::new());
    let store = MemoryStore::with_clock(Arc::new(store_clock.clone()));
    (
        process(app.clone(), store.clone(), store_clock.clone()).await,
        process(app, store, store_clock).await,
    )
}

impl Site {
    fn spawn(&self, path: &'static str) -> JoinHandle<Reply> {
        let client = self.client.clone();
        tokio::spawn(async move { client.post_key(path, "k").await })
    }

    /// Starts a call and waits until its handler stands before the last gate, under its heartbeat and deadline.
    async fn start(&self, path: &'static str) -> JoinHandle<Reply> {
        let call = self.spawn(path);
        self.app.gate.arrival().await;
        until(|| self.clock.sleepers() == 2).await;
        call
    }

    /// Starts a duplicate of a call that runs here, and waits until it waits too: each sleeps until its time is up.
    async fn duplicate(&self, path: &'static str) -> JoinHandle<Reply> {
        let sleepers = self.clock.sleepers();
        let duplicate = self.spawn(path);
        until(|| self.clock.sleepers() == sleepers + 1).await;
        duplicate
    }

    fn let_through(&self) {
        self.app.gate.let_one_through();
    }
}

fn told(reply: &Reply) -> (u16, &str, bool) {
    (reply.status.as_u16(), reply.text(), reply.is_replay())
}

fn pending() -> (u16, String) {
    (409, "idempotency_pending".to_owned())
}

#[tokio::test]
async fn twenty_duplicates_are_woken_by_the_end_and_ask_the_store_once_beside_their_claim() {
    bounded(async {
        let site = site().await;
        let claims = site.store.sent(Step::Claim);
        let first = site.start("/wait/201").await;
        let mut duplicates = Vec::new();
        for _ in 0..20 {
            duplicates.push(site.duplicate("/wait/201").await);
        }
        site.let_through();
        let first = first.await.unwrap();
        assert_eq!(told(&first), (201, "run 1", false));
        for duplicate in duplicates {
            let duplicate = duplicate.await.unwrap();
            assert_eq!(told(&duplicate), (201, "run 1", true));
            assert_eq!(duplicate.recorded(), first.clone().recorded());
        }
        assert_eq!(site.app.runs(), 1);
        assert_eq!(site.store.sent(Step::Claim) - claims, 21);
        assert_eq!(
            site.store.sent(Step::Load),
            0,
            "they were told, and did not ask"
        );
        assert_eq!(site.idempotency.in_flight(), 0);
    })
    .await;
}

#[tokio::test]
async fn duplicates_of_a_call_that_ends_without_an_outcome_are_refused_and_never_run() {
    bounded(async {
        for (path, first_gets) in [
            ("/wait/503", 503),
            ("/wait/panic", 500),
            ("/wait-refuse/panic", 500),
        ] {
            let site = site().await;
            let first = site.start(path).await;
            let duplicates = [
                site.duplicate(path).await,
                site.duplicate(path).await,
                site.duplicate(path).await,
            ];
            site.let_through();
            assert_eq!(first.await.unwrap().status.as_u16(), first_gets, "{path}");
            for duplicate in duplicates {
                let refused = duplicate.await.unwrap();
                assert_eq!(refused.problem(), pending(), "{path}");
                assert_eq!(refused.header("retry-after"), Some("1"));
            }
            assert_eq!(site.app.runs(), 1, "{path}");
            assert_eq!(site.store.sent(Step::Load), 0, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn duplicates_of_a_call_that_is_stopped_at_its_deadline_are_refused() {
    bounded(async {
        let site = site().await;
        let first = site.start("/wait/201").await;
        // Its lease is renewed on the way.
        for seconds in [10, 10, 10, 10, 10, 9] {
            let sent = site.store.sent(Step::Renew);
            site.clock.advance(Duration::from_secs(seconds));
            until(|| seconds < 10 || site.store.sent(Step::Renew) > sent).await;
            until(|| site.clock.sleepers() == 2).await;
        }
        let duplicate = site.duplicate("/wait/201").await;
        site.clock.advance(Duration::from_secs(1));
        assert_eq!(first.await.unwrap().problem(), pending());
        assert_eq!(duplicate.await.unwrap().problem(), pending());
        assert_eq!(site.app.runs(), 1);
        let retry = site.start("/wait/201").await;
        site.let_through();
        site.let_through();
        assert_eq!(retry.await.unwrap().text(), "run 2");
    })
    .await;
}

#[tokio::test]
async fn a_duplicate_waits_so_long_and_no_longer() {
    bounded(async {
        let site = site().await;
        let first = site.start("/wait/201").await;
        let duplicate = site.duplicate("/wait/201").await;
        site.clock.advance(Duration::from_millis(4_999));
        let later = site.duplicate("/wait/201").await;
        assert!(!duplicate.is_finished());
        site.clock.advance(Duration::from_millis(1));
        let refused = duplicate.await.unwrap();
        assert_eq!(refused.problem(), pending());
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert!(!later.is_finished());
        site.let_through();
        assert_eq!(told(&first.await.unwrap()), (201, "run 1", false));
        assert_eq!(told(&later.await.unwrap()), (201, "run 1", true));
        assert_eq!(site.app.runs(), 1);
    })
    .await;
}

#[tokio::test]
async fn another_request_is_told_at_once_and_does_not_wait() {
    bounded(async {
        let site = site().await;
        for path in ["/wait/201", "/provisional/201"] {
            let first = site.spawn(path);
            if path == "/provisional/201" {
                site.app.before.arrival().await;
            } else {
                site.app.gate.arrival().await;
            }
            let other = site.client.post(path).key("k").json("{}").send().await;
            assert_eq!(
                other.problem(),
                (422, "idempotency_mismatch".to_owned()),
                "{path}"
            );
            site.app.before.let_one_through();
            site.let_through();
            assert_eq!(first.await.unwrap().status.as_u16(), 201);
        }
    })
    .await;
}

#[tokio::test]
async fn a_duplicate_in_another_process_asks_the_store_ever_more_rarely_and_gets_the_outcome() {
    bounded(async {
        let (here, there) = two_processes().await;
        let first = here.start("/wait/201").await;
        let duplicate = there.spawn("/wait/201");
        // The first question follows at once.
        there.store.answered(Step::Load).await;
        let mut pauses = Vec::new();
        for _ in 0..5 {
            until(|| there.clock.sleepers() == 2).await;
            let (asked, mut pause) = (there.store.sent(Step::Load), 0);
            while there.store.sent(Step::Load) == asked {
                there.clock.advance(Duration::from_millis(1));
                pause += 1;
                // The question follows before the next pause begins.
                until(|| there.clock.sleepers() == 2 || there.store.sent(Step::Load) > asked).await;
            }
            pauses.push(pause);
        }
        for (pause, longest) in pauses.iter().zip([40, 80, 160, 320, 640]) {
            assert!(
                (longest / 2..=longest + 1).contains(pause),
                "each pause is twice as long, less up to a half: {pauses:?}"
            );
        }
        here.let_through();
        assert_eq!(told(&first.await.unwrap()), (201, "run 1", false));
        while !duplicate.is_finished() {
            there.clock.advance(Duration::from_millis(10));
            turn().await;
        }
        assert_eq!(told(&duplicate.await.unwrap()), (201, "run 1", true));
        assert_eq!(here.app.runs(), 1);
        assert_eq!(
            there.store.sent(Step::Claim),
            2,
            "the secret's mark, and its own"
        );
    })
    .await;
}

#[tokio::test]
async fn a_duplicate_in_another_process_is_refused_when_the_attempt_ends_without_an_outcome_or_time_is_up()
 {
    bounded(async {
        for how in ["released", "abandoned", "its lease runs out", "time is up"] {
            let (here, there) = two_processes().await;
            let path = match how {
                "released" => "/wait/503",
                "abandoned" => "/wait/panic",
                _ => "/wait/201",
            };
            let first = here.start(path).await;
            let duplicate = there.spawn(path);
            there.store.answered(Step::Load).await;
            match how {
                "its lease runs out" => here.store_clock.advance(Duration::from_secs(30)),
                "time is up" => {}
                _ => {
                    here.let_through();
                    first.await.unwrap();
                }
            }
            let mut waited = Duration::ZERO;
            while !duplicate.is_finished() {
                there.clock.advance(Duration::from_millis(10));
                waited += Duration::from_millis(10);
                turn().await;
            }
            assert_eq!(duplicate.await.unwrap().problem(), pending(), "{how}");
            assert_eq!(here.app.runs(), 1, "{how}");
            if how == "time is up" {
                assert!(waited >= Duration::from_secs(5), "{waited:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_duplicate_in_another_process_bears_a_store_that_fails_for_a_while() {
    bounded(async {
        let (here, there) = two_processes().await;
        let first = here.start("/wait/201").await;
        there
            .store
            .fail(Step::Load, idempotent_tests::When::Before, 3);
        let duplicate = there.spawn("/wait/201");
        there.store.answered(Step::Load).await;
        here.let_through();
        first.await.unwrap();
        while !duplicate.is_finished() {
            there.clock.advance(Duration::from_millis(1));
            turn().await;
        }
        assert_eq!(told(&duplicate.await.unwrap()), (201, "run 1", true));
        assert_eq!(there.store.sent(Step::Load), 4);
    })
    .await;
}

#[tokio::test]
async fn a_duplicate_whose_client_leaves_stops_waiting_and_the_attempt_goes_on() {
    bounded(async {
        let site = site().await;
        let first = site.start("/wait/201").await;
        let mut connection = RawConnection::open(site.server.addr()).await;
        connection
            .post(
                "/wait/201",
                &["content-type: application/json", "idempotency-key: k"],
                r#"{"amount":10}"#,
            )
            .await;
        until(|| site.clock.sleepers() == 3).await;
        connection.hang_up().await;
        until(|| site.clock.sleepers() == 2).await;
        assert_eq!(site.idempotency.in_flight(), 1, "the attempt");
        let another = site.duplicate("/wait/201").await;
        site.let_through();
        assert_eq!(told(&first.await.unwrap()), (201, "run 1", false));
        assert_eq!(told(&another.await.unwrap()), (201, "run 1", true));
        until(|| site.idempotency.in_flight() == 0).await;
    })
    .await;
}

#[tokio::test]
async fn a_duplicate_of_a_call_that_is_done_or_abandoned_does_not_wait() {
    bounded(async {
        let site = site().await;
        let first = site.start("/wait-refuse/panic").await;
        site.let_through();
        first.await.unwrap();
        let refused = site.client.post_key("/wait-refuse/panic", "k").await;
        assert_eq!(
            refused.problem(),
            (409, "idempotency_outcome_unknown".to_owned())
        );
        site.let_through();
        let done = site.client.post_key("/wait/201", "k").await;
        let replay = site.client.post_key("/wait/201", "k").await;
        assert_eq!(done.recorded(), replay.recorded());
    })
    .await;
}

#[tokio::test]
async fn a_published_outcome_answers_duplicates_at_once_and_the_final_one_follows() {
    bounded(async {
        let site = site().await;
        let first = site.spawn("/provisional/201");
        site.app.before.arrival().await;
        until(|| site.clock.sleepers() == 2).await;
        let early = [
            site.duplicate("/provisional/201").await,
            site.duplicate("/provisional/201").await,
        ];
        site.app.before.let_one_through();
        let expected = (202, "accepted by run 1", true);
        for duplicate in early {
            assert_eq!(told(&duplicate.await.unwrap()), expected);
        }
        site.app.gate.arrival().await;
        let late = site.client.post_key("/provisional/201", "k").await;
        assert_eq!(told(&late), expected);
        assert_eq!(site.store.sent(Step::Load), 0);
        assert!(!first.is_finished());
        site.let_through();
        assert_eq!(told(&first.await.unwrap()), (201, "run 1", false));
        let last = site.client.post_key("/provisional/201", "k").await;
        assert_eq!(told(&last), (201, "run 1", true));
        assert_eq!(site.app.runs(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_published_outcome_is_seen_by_other_processes() {
    bounded(async {
        let (here, there) = two_processes().await;
        let first = here.spawn("/provisional/201");
        here.app.before.arrival().await;
        let early = there.spawn("/provisional/201");
        there.store.answered(Step::Load).await;
        here.app.before.let_one_through();
        here.app.gate.arrival().await;
        while !early.is_finished() {
            there.clock.advance(Duration::from_millis(10));
            turn().await;
        }
        let expected = (202, "accepted by run 1", true);
        assert_eq!(told(&early.await.unwrap()), expected);
        let late = there.client.post_key("/provisional/201", "k").await;
        assert_eq!(told(&late), expected);
        here.let_through();
        first.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn before_anything_is_published_duplicates_wait_so_long_and_no_longer() {
    bounded(async {
        let site = site().await;
        let first = site.spawn("/provisional/201");
        site.app.before.arrival().await;
        until(|| site.clock.sleepers() == 2).await;
        let duplicate = site.duplicate("/provisional/201").await;
        site.clock.advance(Duration::from_secs(5));
        assert_eq!(duplicate.await.unwrap().problem(), pending());
        site.app.before.let_one_through();
        site.let_through();
        first.await.unwrap();
        assert_eq!(site.app.runs(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_failure_after_something_was_published_is_final_and_the_key_is_never_given_back() {
    bounded(async {
        let site = site().await;
        site.app.before.let_one_through();
        let first = site.spawn("/provisional/503");
        site.app.gate.arrival().await;
        site.let_through();
        let first = first.await.unwrap();
        assert_eq!(told(&first), (503, "run 1", false));
        for _ in 0..2 {
            let retry = site.client.post_key("/provisional/503", "k").await;
            assert_eq!(told(&retry), (503, "run 1", true));
        }
        assert_eq!(site.store.sent(Step::Release), 0);
        assert_eq!(site.app.runs(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_rerun_knows_that_it_is_one_and_the_outcome_that_was_published_before_still_answers() {
    bounded(async {
        let site = site().await;
        site.app.before.let_one_through();
        site.let_through();
        let first = site.client.post_key("/provisional/panic", "k").await;
        assert_eq!(first.status.as_u16(), 500);
        site.app.before.arrival().await;
        site.app.gate.arrival().await;

        let second = site.spawn("/provisional/panic");
        site.app.before.arrival().await;
        let duplicate = site.client.post_key("/provisional/panic", "k").await;
        assert_eq!(told(&duplicate), (202, "accepted by run 1", true));
        site.app.before.let_one_through();
        site.let_through();
        assert_eq!(told(&second.await.unwrap()), (201, "run 2", false));
        assert_eq!(site.app.reruns.load(Ordering::SeqCst), 1);
        let last = site.client.post_key("/provisional/panic", "k").await;
        assert_eq!(told(&last), (201, "run 2", true));
    })
    .await;
}
