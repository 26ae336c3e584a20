//! The stores as they are deployed: several processes on one, and one that goes away and comes back.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use futures_util::{StreamExt as _, stream};
use idempotent_runtime::Idempotency;
use idempotent_runtime::axum::idempotent;
use idempotent_runtime::identity::AttemptId;
use idempotent_runtime::policy::{Policy, StoreDown};
use idempotent_test_servers as servers;
use idempotent_tests::{Child, Client, Reply, Server, open_store};

/// How often each key's handler ran.
#[derive(Clone, Debug, Default)]
struct Runs(Arc<Mutex<HashMap<String, usize>>>);

impl Runs {
    fn add(&self, headers: &HeaderMap) -> String {
        let key = headers["idempotency-key"].to_str().unwrap().to_owned();
        *self.0.lock().unwrap().entry(key.clone()).or_default() += 1;
        key
    }

    fn of(&self, key: &str) -> usize {
        self.0.lock().unwrap().get(key).copied().unwrap_or_default()
    }
}

#[idempotent(scope = global)]
async fn order(State(runs): State<Runs>, headers: HeaderMap) -> (StatusCode, String) {
    (StatusCode::CREATED, runs.add(&headers))
}

const UNPROTECTED: Policy = Policy::new().store_down(StoreDown::Unprotected);

#[idempotent(scope = global, policy = UNPROTECTED)]
async fn unprotected(State(runs): State<Runs>, headers: HeaderMap) -> (StatusCode, String) {
    (StatusCode::CREATED, runs.add(&headers))
}

/// A server with a store, which is a server too.
struct Site {
    store: servers::Server,
    runs: Runs,
    _server: Server,
    client: Client,
}

impl Site {
    async fn start(store: servers::Server) -> Self {
        let runs = Runs::default();
        let app = Router::new()
            .route("/order", post(order))
            .route("/unprotected", post(unprotected))
            .layer(Idempotency::new(open_store(store.url()).await))
            .with_state(runs.clone());
        let server = Server::start(app).await;
        let client = Client::new(&server);
        Self {
            store,
            runs,
            _server: server,
            client,
        }
    }
}

/// Sends until it is answered with the outcome, and says how often the store was told to be away.
async fn until_answered(client: &Client, key: &str) -> (Reply, usize) {
    let mut away = 0;
    loop {
        let reply = client.post_key("/order", key).await;
        match reply.status {
            StatusCode::CREATED => return (reply, away),
            StatusCode::SERVICE_UNAVAILABLE => {
                assert_eq!(reply.problem().1, "idempotency_store_unavailable");
                assert!(reply.header("retry-after").is_some());
                away += 1;
            }
            // A claim that was given up, and is still to be given back.
            StatusCode::CONFLICT => assert_eq!(reply.problem().1, "idempotency_pending"),
            other => panic!("{other}: {}", reply.text()),
        }
    }
}

/// Stops the store under load and starts it again. Nothing runs twice, nothing that was recorded is lost.
async fn outage(store: servers::Server) {
    const CLIENTS: usize = 8;
    const KEYS: usize = 25;
    let mut site = Site::start(store).await;
    let mut answers = HashMap::new();
    for key in (0..KEYS).map(|number| format!("before-{number}")) {
        answers.insert(key.clone(), until_answered(&site.client, &key).await.0);
    }

    let load: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let client = site.client.clone();
            tokio::spawn(async move {
                let (mut answers, mut away) = (Vec::new(), 0);
                let mut sent = 0;
                // At least one of them meets the outage, and then some more are sent after it.
                while away == 0 || sent < KEYS {
                    let key = format!("during-{number}-{sent}");
                    let (reply, times) = until_answered(&client, &key).await;
                    answers.push((key, reply));
                    away += times;
                    sent += 1;
                }
                answers
            })
        })
        .collect();
    site.store = tokio::task::spawn_blocking(move || {
        site.store.stop();
        site.store
    })
    .await
    .unwrap();
    let down = site
        .client
        .post_key("/unprotected", "while-it-is-away")
        .await;
    assert_eq!(down.status, StatusCode::CREATED);
    assert_eq!(down.header("idempotency-stored"), Some("false"));
    site.store = tokio::task::spawn_blocking(move || {
        site.store.start().unwrap();
        site.store
    })
    .await
    .unwrap();

    for client in load {
        answers.extend(client.await.unwrap());
    }
    for (key, first) in &answers {
        let (again, _) = until_answered(&site.client, key).await;
        assert_eq!(again.body, first.body);
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{key}");
        assert_eq!(site.runs.of(key), 1, "{key}");
    }
}

/// Two processes on one store: each key is sent to either of them, many times at once.
async fn two_processes(url: &str) {
    const KEYS: usize = 1_000;
    const TIMES: usize = 20;
    const AT_ONCE: usize = 64;
    let directory = tempfile::tempdir().unwrap();
    let ledger = directory.path().join("ledger");
    let run = AttemptId::random();
    let mut processes = Vec::new();
    for _ in 0..2 {
        let program = env!("CARGO_BIN_EXE_victim");
        processes.push(Child::start(program, &[url, ledger.to_str().unwrap()]).await);
    }
    let clients: Vec<_> = processes.iter().map(|it| Client::at(it.addr())).collect();
    let mut sends: Vec<(usize, usize)> = (0..KEYS * TIMES)
        .map(|number| {
            (
                number % KEYS,
                usize::from(AttemptId::random().as_bytes()[0] % 2),
            )
        })
        .collect();
    // Retries of one key come close together and in no order.
    sends.sort_by_cached_key(|(key, _)| (key / 50, AttemptId::random().as_bytes()[0]));

    let answers = stream::iter(sends)
        .map(|(key, process)| {
            let client = clients[process].clone();
            async move {
                (
                    key,
                    client.post_key("/order", &format!("{run}-{key}")).await,
                )
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    let mut outcomes: HashMap<usize, Reply> = HashMap::new();
    for (key, reply) in answers {
        if reply.status == StatusCode::CONFLICT {
            assert_eq!(reply.problem().1, "idempotency_pending");
            continue;
        }
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
        let first = outcomes.entry(key).or_insert_with(|| reply.clone());
        assert_eq!(reply.body, first.body);
    }
    assert_eq!(outcomes.len(), KEYS);
    let mut effects: Vec<String> = std::fs::read_to_string(&ledger)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(effects.len(), KEYS, "each key has one effect");
    effects.sort_unstable();
    effects.dedup();
    assert_eq!(effects.len(), KEYS);
    let by: HashSet<_> = outcomes
        .values()
        .map(|reply| reply.text().rsplit_once(" by ").unwrap().1.to_owned())
        .collect();
    assert_eq!(by.len(), 2, "both processes did some");
}

mod on_a_server {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn two_processes_on_one_postgres_run_each_key_once() {
        two_processes(&servers::postgres_url()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_postgres_that_stops_and_starts_under_load_loses_nothing() {
        outage(servers::Postgres::new().start().unwrap()).await;
    }
}
