//! What happens at every await: the store fails, an acknowledgement is lost, the lease runs out, the handler panics.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idempotent_runtime::clock::{Clock as _, ManualClock};
use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::policy::{Policy, StoreDown};
use idempotent_runtime::store::{List, Resolution, Store as _, Which};
use idempotent_runtime::{BuildError, Idempotency, MemoryStore};
use idempotent_tests::{
    Client, FaultyStore, Gate, Lines, RawConnection, Reply, Step, When, within_a_minute,
};
use tokio::task::JoinHandle;

use crate::host::{Answer, Attempt, Departures, Routes, Server, State, idempotent, turn};

#[derive(Clone, Default)]
struct App {
    runs: Arc<AtomicUsize>,
    gate: Gate,
}

impl App {
    fn run(&self) -> String {
        format!("run {}", self.runs.fetch_add(1, Ordering::SeqCst) + 1)
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

#[idempotent(scope = global)]
async fn at_once(State(app): State<App>) -> Answer {
    Answer::new(201, app.run())
}

/// Tells whether its lease lasted until it was let through.
#[idempotent(scope = global)]
async fn until_lost(attempt: Attempt, State(app): State<App>) -> &'static str {
    tokio::select! {
        biased;
        () = attempt.lost() => "lost",
        () = app.gate.pass() => "kept",
    }
}

#[idempotent(scope = global, abandoned = refuse)]
async fn at_once_refuse(State(app): State<App>) -> Answer {
    Answer::new(201, app.run())
}

/// Always has something to do, and never lets the runtime's other work in its task come to its turn by itself.
#[idempotent(scope = global, lease = "300ms", deadline = "1m")]
async fn restless(State(app): State<App>) -> Answer {
    let run = app.run();
    while app.gate.arrivals() == 0 {
        tokio::task::consume_budget().await;
    }
    Answer::new(201, run)
}

#[idempotent(scope = global)]
async fn busy(State(app): State<App>) -> Answer {
    Answer::new(503, app.run())
}

#[idempotent(scope = global, abandoned = rerun, deadline = "2m")]
async fn rerun(State(app): State<App>) -> Answer {
    let run = app.run();
    app.gate.pass().await;
    Answer::new(201, run)
}

/// The first run stands at the gate, later ones do not.
#[idempotent(scope = global, abandoned = rerun, deadline = "2m")]
async fn rerun_first(State(app): State<App>) -> Answer {
    let run = app.run();
    if app.runs() == 1 {
        app.gate.pass().await;
    }
    Answer::new(201, run)
}

#[idempotent(scope = global, abandoned = refuse, deadline = "2m")]
async fn refuse(State(app): State<App>) -> Answer {
    let run = app.run();
    app.gate.pass().await;
    Answer::new(201, run)
}

#[idempotent(scope = global, abandoned = rerun)]
async fn panic_rerun(State(app): State<App>) -> String {
    let run = app.run();
    tokio::task::yield_now().await;
    assert!(app.runs() > 1, "the first run panics");
    run
}

#[idempotent(scope = global, abandoned = refuse)]
async fn panic_refuse(State(app): State<App>) -> String {
    app.run();
    panic!("every run panics");
}

const OPEN: Policy = Policy::new().store_down(StoreDown::Unprotected);

#[idempotent(scope = global, policy = OPEN)]
async fn open(State(app): State<App>) -> Answer {
    Answer::new(201, app.run())
}

struct Site {
    app: App,
    client: Client,
    store: FaultyStore,
    /// The store's.
    store_clock: ManualClock,
    /// The handle's.
    clock: ManualClock,
    server: Server,
    departures: Departures,
}

async fn site() -> Site {
    let (store_clock, clock) = (ManualClock::new(), ManualClock::new());
    let store = FaultyStore::new(MemoryStore::with_clock(Arc::new(store_clock.clone())));
    let builder = Idempotency::builder(store.clone())
        .clock(clock.clone())
        .sweep_interval(Duration::ZERO);
    let idempotency = builder.build().await.unwrap();
    store.forget_the_past();
    let app = App::default();
    let router = Routes::new(app.clone())
        .post("/at-once", at_once)
        .post("/at-once/refuse", at_once_refuse)
        .post("/busy", busy)
        .post("/rerun", rerun)
        .post("/rerun/first", rerun_first)
        .post("/refuse", refuse)
        .post("/until-lost", until_lost)
        .post("/panic/rerun", panic_rerun)
        .post("/panic/refuse", panic_refuse)
        .post("/open", open)
        .catch_panics()
        .protect(idempotency);
    let (server, departures) = Server::start_watched(router).await;
    Site {
        departures,
        client: Client::at(server.addr()),
        app,
        store,
        store_clock,
        clock,
        server,
    }
}

impl Site {
    async fn post(&self, path: &str) -> Reply {
        self.client.post_key(path, "k").await
    }

    /// The same, while the handle's time goes on: for calls that pause before they try again.
    async fn post_in_time(&self, path: &'static str) -> Reply {
        let call = self.spawn_post(path);
        within_a_minute("the call is answered", async {
            self.has_begun(&call).await;
            while !call.is_finished() {
                self.clock.advance(Duration::from_millis(5));
                turn().await;
            }
        })
        .await;
        call.await.unwrap()
    }

    /// Waits until a call has sent its claim. Until then no time is to go by: its connection may still be opened.
    async fn has_begun(&self, call: &JoinHandle<Reply>) {
        let sent = self.store.sent(Step::Claim);
        while self.store.sent(Step::Claim) == sent && !call.is_finished() {
            turn().await;
        }
    }

    fn spawn_post(&self, path: &'static str) -> JoinHandle<Reply> {
        let client = self.client.clone();
        tokio::spawn(async move { client.post_key(path, "k").await })
    }

    /// Starts a call and waits until its handler is at work and its heartbeat and deadline are set.
    async fn start(&self, path: &'static str) -> JoinHandle<Reply> {
        let call = self.spawn_post(path);
        self.app.gate.arrival().await;
        within_a_minute("the heartbeat and the deadline are set", async {
            while self.clock.sleepers() < 2 {
                turn().await;
            }
        })
        .await;
        call
    }

    /// Moves the handle's time on, until `step` has been answered once more.
    async fn advance_until(&self, step: Step) {
        self.advance_while(self.store.answered(step)).await;
    }

    /// Moves the handle's time on while something isn't there yet.
    async fn advance_while<T>(&self, awaited: impl Future<Output = T>) -> T {
        tokio::pin!(awaited);
        loop {
            tokio::select! {
                biased;
                there = &mut awaited => return there,
                () = turn() => self.advance(Duration::from_millis(100)).await,
            }
        }
    }

    /// Moves the handle's time on, and gives whoever was woken by it the time to go back to sleep: the heartbeat has a
    /// thread of its own.
    async fn advance(&self, time: Duration) {
        let sleeping = self.clock.sleepers();
        self.clock.advance(time);
        let asleep_again = async {
            while self.clock.sleepers() < sleeping {
                turn().await;
            }
        };
        // Somebody may have woken for good.
        let _ = tokio::time::timeout(Duration::from_millis(20), asleep_again).await;
    }

    fn fail(&self, step: Step, when: When) {
        self.store.fail(step, when, usize::MAX);
    }
}

fn run(reply: &Reply) -> (u16, &str, bool) {
    (reply.status.as_u16(), reply.text(), reply.is_replay())
}

#[tokio::test]
async fn an_unreachable_store_is_503_with_retry_after_and_nothing_runs() {
    let site = site().await;
    site.fail(Step::Claim, When::Before);
    let refused = site.post_in_time("/at-once").await;
    assert_eq!(
        refused.problem(),
        (503, "idempotency_store_unavailable".to_owned())
    );
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(site.app.runs(), 0);
    site.store.heal(Step::Claim);
    assert_eq!(
        run(&site.post_in_time("/at-once").await),
        (201, "run 1", false)
    );
}

#[tokio::test]
async fn an_unreachable_store_lets_an_endpoint_that_says_so_run_unprotected() {
    let site = site().await;
    site.fail(Step::Claim, When::Before);
    for expected in ["run 1", "run 2"] {
        let reply = site.post_in_time("/open").await;
        assert_eq!(run(&reply), (201, expected, false));
        assert_eq!(reply.header("idempotency-stored"), Some("false"));
    }
}

#[tokio::test]
async fn a_claim_whose_acknowledgement_was_lost_is_claimed_again_under_its_own_name() {
    let site = site().await;
    site.store.fail(Step::Claim, When::After, 1);
    assert_eq!(
        run(&site.post_in_time("/at-once").await),
        (201, "run 1", false)
    );
    assert_eq!(
        run(&site.post_in_time("/at-once").await),
        (201, "run 1", true)
    );
}

#[tokio::test]
async fn a_claim_that_was_never_acknowledged_is_given_back() {
    for path in ["/at-once", "/at-once/refuse"] {
        let site = site().await;
        site.fail(Step::Claim, When::After);
        assert_eq!(site.post_in_time(path).await.problem().0, 503);
        site.store.answered(Step::Withdraw).await;
        site.store.heal(Step::Claim);
        assert_eq!(run(&site.post(path).await), (201, "run 1", false));
    }
}

#[tokio::test]
async fn a_claim_under_refuse_is_given_back_though_the_store_is_away_for_longer_than_the_lease() {
    let site = site().await;
    site.fail(Step::Claim, When::After);
    site.fail(Step::Withdraw, When::Before);
    assert_eq!(site.post_in_time("/at-once/refuse").await.problem().0, 503);
    site.store_clock.advance(Duration::from_mins(1));
    while site.clock.monotonic() < Duration::from_secs(31) {
        site.advance_until(Step::Withdraw).await;
    }
    site.store.heal(Step::Claim);
    site.store.heal(Step::Withdraw);
    site.advance_until(Step::Withdraw).await;
    assert_eq!(
        run(&site.post("/at-once/refuse").await),
        (201, "run 1", false)
    );
}

#[tokio::test]
async fn a_completion_whose_acknowledgement_was_lost_is_said_again() {
    let site = site().await;
    site.store.fail(Step::Complete, When::After, 1);
    let call = site.spawn_post("/at-once");
    site.advance_until(Step::Complete).await;
    site.advance_until(Step::Complete).await;
    let first = call.await.unwrap();
    assert_eq!(
        (run(&first), first.header("idempotency-stored")),
        ((201, "run 1", false), None)
    );
    assert_eq!(run(&site.post("/at-once").await), (201, "run 1", true));
}

#[tokio::test]
async fn a_completion_that_the_store_never_answers_is_said_again() {
    let site = site().await;
    site.store.fail(Step::Complete, When::Never, 1);
    let call = site.spawn_post("/at-once");
    site.advance_until(Step::Complete).await;
    let first = call.await.unwrap();
    assert_eq!(
        (run(&first), first.header("idempotency-stored")),
        ((201, "run 1", false), None)
    );
    assert_eq!(run(&site.post("/at-once").await), (201, "run 1", true));
}

#[tokio::test]
async fn a_store_that_never_answers_a_claim_is_503_in_five_seconds() {
    let site = site().await;
    site.fail(Step::Claim, When::Never);
    let refused = site.post_in_time("/at-once").await;
    assert_eq!(
        refused.problem(),
        (503, "idempotency_store_unavailable".to_owned())
    );
    let waited = site.clock.monotonic();
    assert!(waited < Duration::from_secs(6), "{waited:?}");
    assert_eq!(site.app.runs(), 0);
}

#[tokio::test]
async fn a_release_whose_acknowledgement_was_lost_is_said_again() {
    let site = site().await;
    site.store.fail(Step::Release, When::After, 1);
    let call = site.spawn_post("/busy");
    site.advance_until(Step::Release).await;
    site.advance_until(Step::Release).await;
    assert_eq!(run(&call.await.unwrap()), (503, "run 1", false));
    assert_eq!(run(&site.post("/busy").await), (503, "run 2", false));
}

#[tokio::test]
async fn a_completion_that_never_reaches_the_store_gives_the_outcome_and_says_that_it_was_not_stored()
 {
    let site = site().await;
    site.fail(Step::Complete, When::Before);
    let call = site.spawn_post("/at-once");
    within_a_minute("the call is answered", async {
        site.has_begun(&call).await;
        while !call.is_finished() {
            site.clock.advance(Duration::from_millis(100));
            turn().await;
        }
    })
    .await;
    let reply = call.await.unwrap();
    assert_eq!(
        (run(&reply), reply.header("idempotency-stored")),
        ((201, "run 1", false), Some("false"))
    );
    assert!(site.store.sent(Step::Complete) > 5, "it was retried");
    assert!(
        site.clock.monotonic() <= Duration::from_secs(32),
        "until the lease ended and no longer"
    );
    assert_eq!(
        site.post("/at-once").await.problem().1,
        "idempotency_pending"
    );
    site.store.forget_the_past();
    site.store.heal(Step::Complete);
    site.advance_until(Step::Complete).await;
    assert_eq!(
        run(&site.post("/at-once").await),
        (201, "run 1", true),
        "it was completed in the background"
    );
}

#[tokio::test]
async fn a_completion_by_an_attempt_that_lost_its_record_is_refused_and_its_caller_gets_what_the_record_says()
 {
    let site = site().await;
    let first = site.start("/rerun").await;
    site.store_clock.advance(Duration::from_secs(30));
    let second = site.spawn_post("/rerun");
    site.app.gate.arrival().await;
    // The first arrived at the gate first, and leaves it first.
    site.app.gate.let_one_through();
    let first = first.await.unwrap();
    assert_eq!(
        first.problem().1,
        "idempotency_pending",
        "the second is at work"
    );
    site.app.gate.let_one_through();
    assert_eq!(run(&second.await.unwrap()), (201, "run 2", false));
    assert_eq!(run(&site.post("/rerun").await), (201, "run 2", true));
}

#[tokio::test]
async fn an_attempt_that_lost_its_record_to_a_finished_one_answers_with_that_outcome() {
    let site = site().await;
    let first = site.start("/rerun/first").await;
    site.store_clock.advance(Duration::from_secs(30));
    // The second does not stand at the gate.
    assert_eq!(run(&site.post("/rerun/first").await), (201, "run 2", false));
    site.app.gate.let_one_through();
    assert_eq!(run(&first.await.unwrap()), (201, "run 2", true));
}

#[tokio::test]
async fn a_lost_attempt_is_not_answered_with_its_own_outcome_when_the_store_is_slow_or_silent() {
    let site = site().await;
    let first = site.start("/rerun/first").await;
    site.store_clock.advance(Duration::from_secs(30));
    assert_eq!(run(&site.post("/rerun/first").await), (201, "run 2", false));
    // By the holder's own judgement the lease is over, too.
    site.fail(Step::Renew, When::Before);
    site.clock.advance(Duration::from_secs(31));
    site.fail(Step::Load, When::Before);
    site.app.gate.let_one_through();
    let first = first.await.unwrap();
    assert_eq!(first.problem(), (409, "idempotency_pending".to_owned()));
}

#[tokio::test]
async fn a_deadline_after_the_record_was_lost_is_answered_from_the_record() {
    let site = site().await;
    let first = site.start("/rerun/first").await;
    site.store_clock.advance(Duration::from_secs(30));
    assert_eq!(run(&site.post("/rerun/first").await), (201, "run 2", false));
    site.clock.advance(Duration::from_mins(2));
    assert_eq!(run(&first.await.unwrap()), (201, "run 2", true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restless_handler_keeps_its_lease() {
    let store = FaultyStore::new(MemoryStore::new());
    let app = App::default();
    let router = Routes::new(app.clone())
        .post("/", restless)
        .protect(Idempotency::new(store.clone()));
    let server = Server::start(router).await;
    let client = Client::at(server.addr());
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.post_key("/", "k").await }
    });
    // Each is sent after a third of the lease: five of them outlast it.
    for _ in 0..5 {
        store.answered(Step::Renew).await;
    }
    assert_eq!(
        client.post_key("/", "k").await.problem().1,
        "idempotency_pending"
    );
    app.gate.let_one_through();
    app.gate.pass().await;
    assert_eq!(run(&first.await.unwrap()), (201, "run 1", false));
}

#[tokio::test]
async fn a_client_that_leaves_while_its_claim_is_on_the_way_loses_nothing() {
    let mut site = site().await;
    let claims = Gate::new();
    site.store.hold_claims(claims.clone());
    let mut connection = RawConnection::open(site.server.addr()).await;
    connection
        .post(
            "/at-once",
            &["content-type: application/json", "idempotency-key: k"],
            r#"{"amount":10}"#,
        )
        .await;
    claims.arrival().await;
    connection.hang_up().await;
    site.departures.next().await;
    for _ in 0..2 {
        claims.let_one_through();
    }
    site.store.answered(Step::Complete).await;
    assert_eq!(run(&site.post("/at-once").await), (201, "run 1", true));
}

#[tokio::test]
async fn the_heartbeat_holds_a_record_beyond_its_lease() {
    let site = site().await;
    let first = site.start("/rerun").await;
    for _ in 0..5 {
        site.store_clock.advance(Duration::from_secs(10));
        site.advance_until(Step::Renew).await;
    }
    assert_eq!(site.post("/rerun").await.problem().1, "idempotency_pending");
    site.app.gate.let_one_through();
    assert_eq!(run(&first.await.unwrap()), (201, "run 1", false));
    assert_eq!(site.app.runs(), 1);
}

#[tokio::test]
async fn a_heartbeat_that_fails_is_tried_again_before_the_lease_ends() {
    let site = site().await;
    let first = site.start("/rerun").await;
    site.store.fail(Step::Renew, When::Before, 2);
    for _ in 0..3 {
        site.advance_until(Step::Renew).await;
    }
    assert!(
        site.clock.monotonic() < Duration::from_secs(20),
        "{:?}",
        site.clock.monotonic()
    );
    site.app.gate.let_one_through();
    assert_eq!(run(&first.await.unwrap()), (201, "run 1", false));
}

#[tokio::test]
async fn a_handler_that_passes_its_deadline_is_stopped_and_its_key_taken_over_as_declared() {
    for (path, told, retried) in [
        ("/rerun", "idempotency_pending", None),
        (
            "/refuse",
            "idempotency_outcome_unknown",
            Some("idempotency_outcome_unknown"),
        ),
    ] {
        let site = site().await;
        let call = site.start(path).await;
        site.clock.advance(Duration::from_mins(2));
        assert_eq!(call.await.unwrap().problem(), (409, told.to_owned()));
        site.app.gate.let_one_through();
        let retry = site.post(path).await;
        match retried {
            None => assert_eq!(run(&retry), (201, "run 2", false)),
            Some(code) => assert_eq!(retry.problem().1, code),
        }
    }
}

#[tokio::test]
async fn a_panic_is_passed_on_and_its_key_is_taken_over_at_once_as_declared() {
    let site = site().await;
    let panicked = site.post("/panic/rerun").await;
    assert_eq!(
        (panicked.status.as_u16(), panicked.text()),
        (500, "Service panicked")
    );
    assert_eq!(run(&site.post("/panic/rerun").await), (200, "run 2", false));
    assert_eq!(run(&site.post("/panic/rerun").await), (200, "run 2", true));

    assert_eq!(site.post("/panic/refuse").await.text(), "Service panicked");
    let runs = site.app.runs();
    assert_eq!(
        site.post("/panic/refuse").await.problem(),
        (409, "idempotency_outcome_unknown".to_owned())
    );
    assert_eq!(site.app.runs(), runs);
}

#[tokio::test]
async fn as_many_attempts_run_as_are_allowed_and_retries_are_answered_all_the_same() {
    let gate = Gate::new();
    let idempotency = Idempotency::builder(MemoryStore::new())
        .max_in_flight(1)
        .build()
        .await
        .unwrap();
    let app = App {
        gate: gate.clone(),
        ..App::default()
    };
    let router = Routes::new(app)
        .post("/", rerun)
        .post("/at-once", at_once)
        .protect(idempotency);
    let server = Server::start(router).await;
    let client = Client::at(server.addr());
    client.post_key("/at-once", "done").await;
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.post_key("/", "a").await }
    });
    gate.arrival().await;
    assert_eq!(
        client.post_key("/", "b").await.problem(),
        (503, "idempotency_overloaded".to_owned())
    );
    assert_eq!(
        client.post_key("/", "a").await.problem(),
        (409, "idempotency_pending".to_owned())
    );
    assert!(client.post_key("/at-once", "done").await.is_replay());
    gate.let_one_through();
    assert_eq!(run(&first.await.unwrap()), (201, "run 2", false));
    gate.let_one_through();
    assert_eq!(run(&client.post_key("/", "b").await), (201, "run 3", false));
}

#[tokio::test]
async fn expired_records_are_swept_while_the_handle_lives_and_not_after() {
    let (store_clock, clock) = (ManualClock::new(), ManualClock::new());
    let memory = MemoryStore::with_clock(Arc::new(store_clock.clone()));
    let store = FaultyStore::new(memory.clone());
    let builder = Idempotency::builder(store.clone())
        .clock(clock.clone())
        .sweep_interval(Duration::from_mins(1));
    let idempotency = builder.build().await.unwrap();
    let router = Routes::new(App::default())
        .post("/", at_once)
        .protect(idempotency);
    let server = Server::start(router).await;
    Client::at(server.addr()).post_key("/", "k").await;
    let sleeping = || {
        within_a_minute("the sweeper sleeps", async {
            while clock.sleepers() == 0 {
                turn().await;
            }
        })
    };

    sleeping().await;
    store_clock.advance(Duration::from_hours(24));
    clock.advance(Duration::from_mins(1));
    store.answered(Step::Sweep).await;
    assert_eq!(memory.sweep(10).await.unwrap(), 0, "it was removed already");

    sleeping().await;
    drop(server);
    within_a_minute("the sweeper ends with the last handle", async {
        while clock.sleepers() > 0 {
            clock.advance(Duration::from_mins(1));
            turn().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_store_is_opened_with_its_own_secret_alone() {
    let store = MemoryStore::new();
    let build = |secret: Option<&'static str>, namespace: &'static str| {
        let builder = Idempotency::builder(store.clone()).namespace(namespace);
        match secret {
            Some(secret) => builder.secret(secret).build(),
            None => builder.build(),
        }
    };
    build(Some("the right secret"), "").await.unwrap();
    build(Some("the right secret"), "").await.unwrap();
    for other in [Some("the wrong secret"), None] {
        assert!(
            matches!(build(other, "").await, Err(BuildError::Secret { .. })),
            "{other:?}"
        );
    }
    build(Some("another secret..."), "another namespace")
        .await
        .unwrap();
    build(None, "plain").await.unwrap();
    build(None, "plain").await.unwrap();
    assert!(matches!(
        build(Some("a late secret..."), "plain").await,
        Err(BuildError::Secret { .. })
    ));
}

#[tokio::test]
async fn a_handle_that_cannot_hold_is_not_built() {
    let refused = Idempotency::builder(MemoryStore::new())
        .drop_header("not a name")
        .build()
        .await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "`not a name` is not a header name"
    );
    let store = FaultyStore::new(MemoryStore::new());
    store.fail(Step::Claim, When::Before, 1);
    assert!(matches!(
        Idempotency::builder(store).build().await,
        Err(BuildError::Store(_))
    ));
}

#[tokio::test]
async fn a_secret_is_in_every_identity_and_fingerprint_and_retries_are_still_replayed() {
    let mut claims = Vec::new();
    for secret in [None, Some("the first secret"), Some("the second secret")] {
        let store = FaultyStore::new(MemoryStore::new());
        let builder = Idempotency::builder(store.clone());
        let builder = match secret {
            Some(secret) => builder.secret(secret),
            None => builder,
        };
        let idempotency = builder.build().await.unwrap();
        let router = Routes::new(App::default())
            .post("/", at_once)
            .protect(idempotency);
        let server = Server::start(router).await;
        let client = Client::at(server.addr());
        assert_eq!(run(&client.post_key("/", "k").await), (201, "run 1", false));
        assert_eq!(run(&client.post_key("/", "k").await), (201, "run 1", true));
        claims.push(store.claims().pop().unwrap());
    }
    for (index, claim) in claims.iter().enumerate() {
        for other in &claims[..index] {
            assert_ne!(claim.record, other.record);
            assert_ne!(claim.fingerprint, other.fingerprint);
        }
    }
}

#[tokio::test]
async fn a_completion_on_a_silent_connection_is_recorded_within_a_second() {
    let site = site().await;
    site.store.fail(Step::Complete, When::Late, 1);
    let first = site.post_in_time("/at-once").await;
    assert_eq!(
        (run(&first), first.header("idempotency-stored")),
        ((201, "run 1", false), None)
    );
    let waited = site.clock.monotonic();
    assert!(waited < Duration::from_secs(1), "{waited:?}");
    assert_eq!(run(&site.post("/at-once").await), (201, "run 1", true));
    // The first sending arrives after all, and changes nothing.
    site.store.late().let_one_through();
    site.store.answered(Step::Complete).await;
    assert_eq!(run(&site.post("/at-once").await), (201, "run 1", true));
}

#[tokio::test]
async fn a_claim_on_a_silent_connection_is_won_within_a_second_and_its_late_twin_changes_nothing() {
    let site = site().await;
    site.store.fail(Step::Claim, When::Late, 1);
    let first = site.post_in_time("/busy").await;
    assert_eq!(run(&first), (503, "run 1", false));
    let waited = site.clock.monotonic();
    assert!(waited < Duration::from_secs(1), "{waited:?}");
    // The attempt has given the record back by then: the twin finds its mark.
    site.store.late().let_one_through();
    site.store.late().arrival().await;
    assert_eq!(run(&site.post("/busy").await), (503, "run 2", false));
}

#[tokio::test]
async fn a_claim_that_takes_effect_after_it_was_given_up_holds_nothing() {
    for path in ["/at-once", "/at-once/refuse"] {
        let site = site().await;
        site.fail(Step::Claim, When::Late);
        assert_eq!(site.post_in_time(path).await.problem().0, 503);
        site.store.answered(Step::Withdraw).await;
        let sent = site.store.sent(Step::Claim);
        assert!(sent >= 2, "it was sent twice, side by side");
        site.store.heal(Step::Claim);
        for _ in 0..sent {
            site.store.late().let_one_through();
            site.store.answered(Step::Claim).await;
        }
        assert_eq!(run(&site.post(path).await), (201, "run 1", false));
    }
}

#[tokio::test]
async fn an_outcome_that_the_store_cannot_hold_is_not_kept_and_never_run_again() {
    let site = site().await;
    site.store.fail(Step::Complete, When::TooLarge, 1);
    let first = site.post("/at-once").await;
    assert_eq!(
        (run(&first), first.header("idempotency-stored")),
        ((201, "run 1", false), None)
    );
    assert_eq!(
        site.post("/at-once").await.problem(),
        (409, "idempotency_outcome_not_kept".to_owned())
    );
    assert_eq!(site.app.runs(), 1);
}

#[tokio::test]
async fn a_claim_that_was_never_sent_costs_nothing_more() {
    let site = site().await;
    site.fail(Step::Claim, When::NotSent);
    let refused = site.post("/at-once").await;
    assert_eq!(refused.problem().0, 503);
    assert_eq!(
        site.clock.monotonic(),
        Duration::ZERO,
        "it paused for nothing"
    );
    assert_eq!(site.store.sent(Step::Claim), 2);
    assert_eq!(site.store.sent(Step::Withdraw), 0);
}

#[tokio::test]
async fn a_claim_says_what_it_belongs_to_and_how_long_it_is_kept_when_nobody_comes_back() {
    let site = site().await;
    site.post("/at-once").await;
    site.post("/at-once/refuse").await;
    let claims = site.store.claims();
    let day = Duration::from_hours(24);
    assert_eq!(claims[0].label.operation(), "POST /at-once");
    assert_eq!(claims[0].keep_abandoned, Some(day));
    assert_eq!(claims[1].keep_abandoned, None, "an unknown outcome stays");
}

#[tokio::test]
async fn a_hung_renewal_is_sent_again_and_the_lease_is_kept() {
    let site = site().await;
    let first = site.start("/rerun").await;
    site.store.fail(Step::Renew, When::Never, 1);
    site.advance_until(Step::Renew).await;
    assert!(site.clock.monotonic() < Duration::from_secs(20));
    site.app.gate.let_one_through();
    assert_eq!(run(&first.await.unwrap()), (201, "run 1", false));
}

#[tokio::test]
async fn a_row_that_is_locked_costs_the_leases_that_travel_with_its_own_nothing() {
    let site = site().await;
    let stuck = site.start("/until-lost").await;
    site.store.lock_row(site.store.last_claimed());
    let client = site.client.clone();
    let other = tokio::spawn(async move { client.post_key("/until-lost", "other").await });
    site.app.gate.arrival().await;
    let stuck = site.advance_while(stuck).await.unwrap();
    assert_eq!(stuck.text(), "lost");
    // The other one's lease would have ended by now as well.
    let renewed = || site.store.answered(Step::Renew);
    for _ in 0..5 {
        site.advance_while(renewed()).await;
    }
    site.app.gate.let_one_through();
    assert_eq!(other.await.unwrap().text(), "kept");
}

#[tokio::test]
async fn nothing_is_renewed_after_the_deadline() {
    let site = site().await;
    let first = site.start("/rerun").await;
    site.advance_until(Step::Renew).await;
    site.clock.advance(Duration::from_mins(2));
    first.await.unwrap();
    let sent = site.store.sent(Step::Renew);
    for _ in 0..100 {
        site.advance(Duration::from_secs(10)).await;
    }
    assert_eq!(site.store.sent(Step::Renew), sent);
}

#[tokio::test]
async fn a_sweep_that_hangs_or_panics_is_followed_by_the_next() {
    for when in [When::Never, When::Panics] {
        let clock = ManualClock::new();
        let store = FaultyStore::new(MemoryStore::new());
        store.fail(Step::Sweep, when, 1);
        let builder = Idempotency::builder(store.clone()).clock(clock.clone());
        let router = Routes::new(App::default())
            .post("/", at_once)
            .protect(builder.build().await.unwrap());
        let server = Server::start(router).await;
        Client::at(server.addr()).post_key("/", "k").await;
        let swept = store.answered(Step::Sweep);
        tokio::pin!(swept);
        loop {
            tokio::select! {
                biased;
                () = &mut swept => break,
                () = tokio::time::sleep(Duration::from_millis(1)) => clock.advance(Duration::from_secs(10)),
            }
        }
    }
}

#[tokio::test]
async fn shutdown_waits_for_what_is_told_in_the_background() {
    let store = FaultyStore::new(MemoryStore::new());
    let idempotency = Idempotency::new(store.clone());
    let router = Routes::new(App::default())
        .post("/", at_once)
        .protect(idempotency.clone());
    let server = Server::start(router).await;
    store.fail(Step::Claim, When::Before, 2);
    store.fail(Step::Withdraw, When::Before, 2);
    let refused = Client::at(server.addr()).post_key("/", "k").await;
    assert_eq!(refused.problem().0, 503);
    assert_eq!(idempotency.in_flight(), 0);
    assert_eq!(idempotency.shutdown(Duration::from_secs(20)).await, 0);
    assert_eq!(store.sent(Step::Withdraw), 3);
}

#[tokio::test]
async fn thousands_of_calls_to_a_store_that_refuses_cost_little_and_say_little() {
    use tracing_subscriber::layer::SubscriberExt as _;

    let lines = Lines::default();
    let subscriber = tracing_subscriber::registry().with(lines.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let store = FaultyStore::new(MemoryStore::new());
    let idempotency = Idempotency::new(store.clone());
    let router = Routes::new(App::default())
        .post("/", at_once)
        .protect(idempotency.clone());
    let server = Server::start(router).await;
    let client = Client::at(server.addr());
    store.fail(Step::Claim, When::NotSent, usize::MAX);
    let mut slowest = Duration::ZERO;
    for call in 0..5_000 {
        let began = std::time::Instant::now();
        let refused = client.post_key("/", &call.to_string()).await;
        assert_eq!(refused.problem().0, 503);
        slowest = slowest.max(began.elapsed());
    }
    // How long a call takes depends on what else the machine does.
    println!("the slowest call took {slowest:?}");
    assert_eq!(idempotency.in_flight(), 0);
    assert_eq!(store.sent(Step::Withdraw), 0);
    let said = lines.count();
    assert!((1..20).contains(&said), "{said} lines");
}

#[tokio::test]
async fn as_many_attempts_run_at_once_by_default_as_the_documentation_says() {
    let app = App::default();
    let routes = Routes::new(app.clone())
        .post("/rerun", rerun)
        .protect(Idempotency::new(MemoryStore::new()));
    let server = Server::start(routes).await;
    for key in 0..4_096 {
        // A client that leaves takes its connection with it, but not its attempt.
        let mut connection = RawConnection::open(server.addr()).await;
        let key = format!("idempotency-key: {key}");
        connection.post("/rerun", &[&key], "").await;
        app.gate.arrival().await;
    }
    let client = Client::at(server.addr());
    let one_more = within_a_minute("one more is refused", client.post_key("/rerun", "4096"));
    let overloaded = (503, "idempotency_overloaded".to_owned());
    assert_eq!(one_more.await.problem(), overloaded);
    assert_eq!(app.runs(), 4_096);
}

/// An operator's question, while the handle's time goes on.
async fn ends<T>(
    clock: &ManualClock,
    asked: impl Future<Output = Result<T, impl std::fmt::Debug>>,
) {
    let asked = async {
        tokio::pin!(asked);
        loop {
            tokio::select! {
                biased;
                answer = &mut asked => return answer,
                () = turn() => clock.advance(Duration::from_secs(1)),
            }
        }
    };
    let answer = within_a_minute("the question ends", asked).await;
    assert!(answer.is_err());
    assert!(clock.monotonic() < Duration::from_mins(1));
}

#[tokio::test]
async fn what_an_operator_asks_ends_though_the_store_never_answers() {
    let handle = async || {
        let (store, clock) = (FaultyStore::new(MemoryStore::new()), ManualClock::new());
        let builder = Idempotency::builder(store.clone()).clock(clock.clone());
        (builder.build().await.unwrap(), store, clock)
    };
    let (record, seen) = (
        RecordId::from_bytes([1; 32]),
        AttemptId::from_bytes([2; 16]),
    );

    let (idempotency, store, clock) = handle().await;
    store.fail(Step::Load, When::Never, 1);
    ends(&clock, idempotency.load(record)).await;
    let (idempotency, store, clock) = handle().await;
    store.fail(Step::List, When::Never, 1);
    ends(&clock, idempotency.list(List::new(Which::All))).await;
    let (idempotency, store, clock) = handle().await;
    store.fail(Step::Forget, When::Never, 1);
    ends(&clock, idempotency.forget(record, seen)).await;
    let (idempotency, store, clock) = handle().await;
    store.fail(Step::Resolve, When::Never, 1);
    let resolution = Resolution::Release;
    ends(&clock, idempotency.resolve(record, seen, resolution)).await;

    let (store, clock) = (FaultyStore::new(MemoryStore::new()), ManualClock::new());
    store.fail(Step::Claim, When::Never, 1);
    ends(
        &clock,
        Idempotency::builder(store).clock(clock.clone()).build(),
    )
    .await;
}

#[tokio::test]
async fn a_disabled_handle_says_so_once() {
    use tracing_subscriber::layer::SubscriberExt as _;

    let lines = Lines::default();
    let subscriber = tracing_subscriber::registry().with(lines.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let app = App::default();
    let router = Routes::new(app.clone())
        .post("/", at_once)
        .protect(Idempotency::disabled());
    let server = Server::start(router).await;
    let client = Client::at(server.addr());
    for _ in 0..3 {
        client.post_key("/", "k").await;
    }
    assert_eq!((app.runs(), lines.count()), (3, 1));
}
