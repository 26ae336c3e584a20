//! A store that goes away under load and comes back. Nothing runs twice, nothing that was recorded is lost.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use idempotent_runtime::Idempotency;
use idempotent_runtime::axum::idempotent;
use idempotent_runtime::policy::{Policy, StoreDown};
use idempotent_test_servers as servers;
use idempotent_tests::{Client, Reply, Server, open_store};
use tokio::task::spawn_blocking;

const CLIENTS: usize = 8;
const KEYS: usize = 25;

/// Ends a server that clients use, and starts it again once they were told that it is away.
pub(crate) async fn loses_nothing(
    start: impl FnOnce() -> Result<servers::Server, servers::Error> + Send + 'static,
    end: fn(&mut servers::Server),
) {
    let store = spawn_blocking(start).await.unwrap().unwrap();
    let site = Site::start(store.url()).await;
    let mut answers = HashMap::new();
    for key in (0..KEYS).map(|number| format!("before-{number}")) {
        answers.insert(key.clone(), until_answered(&site.client, &key).await);
    }

    let is_back = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = (0..CLIENTS)
        .map(|number| tokio::spawn(load(number, site.client.clone(), Arc::clone(&is_back))))
        .collect();
    let store = change(store, end).await;
    let (refused, unprotected) = tokio::join!(
        site.client.post_key("/order", "away"),
        site.client.post_key("/unprotected", "away"),
    );
    assert!(is_refusal(&refused), "{}", refused.text());
    assert_eq!(unprotected.status, StatusCode::CREATED);
    assert_eq!(unprotected.header("idempotency-stored"), Some("false"));
    let _store = change(store, |store| store.start().unwrap()).await;
    is_back.store(true, Ordering::Relaxed);

    for client in load {
        answers.extend(client.await.unwrap());
    }
    for (key, first) in &answers {
        let again = site.client.post_key("/order", key).await;
        assert_eq!(again.body, first.body);
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{key}");
        assert_eq!(site.runs.of(key), 1, "{key}");
    }
}

async fn change(
    mut store: servers::Server,
    change: impl FnOnce(&mut servers::Server) + Send + 'static,
) -> servers::Server {
    let changed = spawn_blocking(move || {
        change(&mut store);
        store
    });
    changed.await.unwrap()
}

/// Sends one key after the other: until the store is back, and then some more.
async fn load(number: usize, client: Client, is_back: Arc<AtomicBool>) -> Vec<(String, Reply)> {
    let mut answers = Vec::new();
    let mut since = 0;
    while since < KEYS {
        since += usize::from(is_back.load(Ordering::Relaxed));
        let key = format!("during-{number}-{}", answers.len());
        let reply = until_answered(&client, &key).await;
        answers.push((key, reply));
    }
    answers
}

/// Sends until it is answered with the outcome.
async fn until_answered(client: &Client, key: &str) -> Reply {
    loop {
        let reply = client.post_key("/order", key).await;
        match reply.status {
            StatusCode::CREATED => return reply,
            // A claim that was given up, and is still to be given back.
            StatusCode::CONFLICT => assert_eq!(reply.problem().1, "idempotency_pending"),
            _ => assert!(is_refusal(&reply), "{}", reply.text()),
        }
    }
}

/// Whether it says that the store is away, and when to come again.
fn is_refusal(reply: &Reply) -> bool {
    let unavailable = (503, "idempotency_store_unavailable".to_owned());
    reply.problem() == unavailable && reply.header("retry-after").is_some()
}

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

/// The lease is longer than the store is away, on a machine that does much else: outcomes are kept trying for no longer.
#[idempotent(scope = global, lease = "2m")]
async fn order(State(runs): State<Runs>, headers: HeaderMap) -> (StatusCode, String) {
    (StatusCode::CREATED, runs.add(&headers))
}

const UNPROTECTED: Policy = Policy::new().store_down(StoreDown::Unprotected);

#[idempotent(scope = global, policy = UNPROTECTED)]
async fn unprotected(State(runs): State<Runs>, headers: HeaderMap) -> (StatusCode, String) {
    (StatusCode::CREATED, runs.add(&headers))
}

/// An application on a store.
struct Site {
    runs: Runs,
    _server: Server,
    client: Client,
}

impl Site {
    async fn start(store: &str) -> Self {
        let runs = Runs::default();
        let app = Router::new()
            .route("/order", post(order))
            .route("/unprotected", post(unprotected))
            .layer(Idempotency::new(open_store(store).await))
            .with_state(runs.clone());
        let server = Server::start(app).await;
        let client = Client::new(&server);
        Self {
            runs,
            _server: server,
            client,
        }
    }
}
