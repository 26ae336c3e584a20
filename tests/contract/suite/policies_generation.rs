//! What is counted and derived within a generation of a record: `abandoned = rerun(n)`, `Attempt::abandoned` and
//! `Attempt::derive`.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::store::{Fence, Resolution};
use idempotent_runtime::{Idempotency, MemoryStore};
use idempotent_tests::{Client, FaultyStore, bounded};

use crate::host::{Answer, Attempt, Routes, Server, State, idempotent};

/// What a run saw of its attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    abandoned: u32,
    charge: String,
}

#[derive(Clone, Default)]
struct App {
    /// What the next runs answer; they panic for 0.
    next: Arc<AtomicU16>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl App {
    fn run(&self, attempt: &Attempt) -> Answer {
        self.seen.lock().unwrap().push(Seen {
            abandoned: attempt.abandoned(),
            charge: attempt.derive("charge"),
        });
        let next = self.next.load(Ordering::SeqCst);
        assert_ne!(next, 0, "this run panics");
        Answer::new(next, "")
    }
}

#[idempotent(scope = global, ttl = "1h")]
async fn rerun(attempt: Attempt, State(app): State<App>) -> Answer {
    app.run(&attempt)
}

#[idempotent(scope = global, abandoned = rerun(2))]
async fn twice(attempt: Attempt, State(app): State<App>) -> Answer {
    app.run(&attempt)
}

#[idempotent(scope = global, abandoned = rerun(1))]
async fn once(attempt: Attempt, State(app): State<App>) -> Answer {
    app.run(&attempt)
}

struct Site {
    app: App,
    client: Client,
    idempotency: Idempotency,
    store: FaultyStore,
    clock: ManualClock,
    _server: Server,
}

async fn site() -> Site {
    let clock = ManualClock::new();
    let store = FaultyStore::new(MemoryStore::with_clock(Arc::new(clock.clone())));
    let idempotency = Idempotency::new(store.clone());
    let app = App::default();
    let router = Routes::new(app.clone())
        .post("/rerun", rerun)
        .post("/twice", twice)
        .post("/once", once)
        .catch_panics()
        .protect(idempotency.clone());
    let server = Server::start(router).await;
    Site {
        client: Client::at(server.addr()),
        app,
        idempotency,
        store,
        clock,
        _server: server,
    }
}

impl Site {
    /// Sends one request whose handler, if it runs, answers with this status, or panics for 0.
    async fn send(&self, path: &str, answer: u16) -> u16 {
        self.app.next.store(answer, Ordering::SeqCst);
        self.client.post_key(path, "k").await.status.as_u16()
    }

    fn abandoned(&self) -> Vec<u32> {
        let seen = self.app.seen.lock().unwrap();
        seen.iter().map(|it| it.abandoned).collect()
    }

    fn charges(&self) -> Vec<String> {
        let seen = self.app.seen.lock().unwrap();
        seen.iter().map(|it| it.charge.clone()).collect()
    }
}

#[tokio::test]
async fn after_so_many_abandoned_attempts_a_retry_is_refused_until_the_record_is_settled() {
    bounded(async {
        let site = site().await;
        assert_eq!(site.send("/twice", 0).await, 500);
        assert_eq!(site.send("/twice", 0).await, 500);
        for _ in 0..2 {
            let refused = site.client.post_key("/twice", "k").await;
            let told = (409, "idempotency_outcome_unknown".to_owned());
            assert_eq!(refused.problem(), told);
        }
        assert_eq!(site.abandoned(), [0, 1]);

        let record = site.store.last_claimed();
        let spent = site.idempotency.load(record).await.unwrap().unwrap();
        let resolve = || {
            let release = Resolution::Release;
            site.idempotency.resolve(record, spent.attempt, release)
        };
        assert_eq!(resolve().await.unwrap(), Fence::Held);
        assert_eq!(resolve().await.unwrap(), Fence::Held, "it is repeated");
        assert_eq!(site.send("/twice", 201).await, 201);
        assert_eq!(site.abandoned(), [0, 1, 0], "it counts anew");
    })
    .await;
}

#[tokio::test]
async fn of_one_abandoned_attempt_no_retry_runs_again() {
    bounded(async {
        let site = site().await;
        assert_eq!(site.send("/once", 0).await, 500);
        assert_eq!(site.send("/once", 201).await, 409);
        assert_eq!(site.abandoned(), [0]);
    })
    .await;
}

#[tokio::test]
async fn abandoned_attempts_are_counted_and_derive_the_same_key() {
    bounded(async {
        let site = site().await;
        for answer in [0, 0, 0, 201] {
            site.send("/rerun", answer).await;
        }
        assert_eq!(site.abandoned(), [0, 1, 2, 3]);
        let charges = site.charges();
        assert!(charges.iter().all(|it| *it == charges[0]), "{charges:?}");
    })
    .await;
}

#[tokio::test]
async fn after_a_release_another_key_is_derived() {
    bounded(async {
        let site = site().await;
        assert_eq!(site.send("/rerun", 503).await, 503);
        assert_eq!(site.send("/rerun", 0).await, 500);
        assert_eq!(site.send("/rerun", 201).await, 201);
        assert_eq!(site.abandoned(), [0, 0, 1]);
        let charges = site.charges();
        assert_ne!(charges[0], charges[1]);
        assert_eq!(charges[1], charges[2]);
    })
    .await;
}

#[tokio::test]
async fn after_its_expiry_another_key_is_derived() {
    bounded(async {
        let site = site().await;
        assert_eq!(site.send("/rerun", 201).await, 201);
        site.clock.advance(Duration::from_hours(2));
        assert_eq!(site.send("/rerun", 202).await, 202);
        let charges = site.charges();
        assert_ne!(charges[0], charges[1]);
    })
    .await;
}

#[tokio::test]
async fn after_it_was_forgotten_another_key_is_derived() {
    bounded(async {
        let site = site().await;
        assert_eq!(site.send("/rerun", 201).await, 201);
        let record = site.store.last_claimed();
        let done = site.idempotency.load(record).await.unwrap().unwrap();
        let forgotten = site.idempotency.forget(record, done.attempt).await;
        assert_eq!(forgotten.unwrap(), Fence::Held);
        assert_eq!(site.send("/rerun", 202).await, 202);
        let charges = site.charges();
        assert_ne!(charges[0], charges[1]);
    })
    .await;
}
