//! Handlers that block their threads keep their leases, as long as another thread of the runtime is free. A worker of
//! actix-web is a runtime of its own, with one thread: a handler that blocks it holds its lease's renewals up as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;
use idempotent_runtime::{Idempotency, MemoryStore};
use idempotent_tests::{Client, Server};

const LEASE: Duration = Duration::from_millis(500);

#[derive(Clone, Default)]
struct App {
    runs: Arc<AtomicUsize>,
}

impl App {
    fn run(&self) -> String {
        format!("run {}", self.runs.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

#[idempotent(scope = global, lease = "500ms", deadline = "1m")]
async fn block_in_place(State(app): State<App>) -> String {
    let run = app.run();
    tokio::task::block_in_place(|| std::thread::sleep(3 * LEASE));
    run
}

#[idempotent(scope = global, lease = "500ms", deadline = "1m")]
async fn thread_sleep(State(app): State<App>) -> String {
    let run = app.run();
    std::thread::sleep(3 * LEASE);
    run
}

/// Yields when most of its lease is over, and blocks again.
#[idempotent(scope = global, lease = "500ms", deadline = "1m")]
async fn yields_late(State(app): State<App>) -> String {
    let run = app.run();
    std::thread::sleep(LEASE * 7 / 10);
    tokio::task::yield_now().await;
    std::thread::sleep(2 * LEASE);
    run
}

#[idempotent(scope = global, lease = "500ms", deadline = "1m")]
async fn computes(State(app): State<App>) -> String {
    let run = app.run();
    let began = Instant::now();
    while began.elapsed() < 3 * LEASE {
        std::hint::spin_loop();
    }
    run
}

/// Sends retries while a handler blocks its thread, from a runtime of their own: the handler's has a thread less.
fn runs_once(workers: usize, path: &'static str) {
    runs_once_under(&Idempotency::new(MemoryStore::new()), workers, path);
}

fn runs_once_under(idempotency: &Idempotency, workers: usize, path: &'static str) {
    let servers = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap();
    let clients = tokio::runtime::Runtime::new().unwrap();
    let app = App::default();
    let router = Router::new()
        .route("/block-in-place", post(block_in_place))
        .route("/thread-sleep", post(thread_sleep))
        .route("/yields-late", post(yields_late))
        .route("/computes", post(computes))
        .layer(idempotency.clone())
        .with_state(app.clone());
    let server = servers.block_on(Server::start(router));
    clients.block_on(async {
        let client = Client::new(&server);
        let first = tokio::spawn({
            let client = client.clone();
            async move { client.post_key(path, "k").await }
        });
        while !first.is_finished() {
            if app.runs.load(Ordering::SeqCst) > 0 {
                client.post_key(path, "k").await;
            }
            tokio::time::sleep(LEASE / 10).await;
        }
        let first = first.await.unwrap();
        assert_eq!((first.status.as_u16(), first.text()), (200, "run 1"));
        assert!(client.post_key(path, "k").await.is_replay());
    });
    assert_eq!(
        app.runs.load(Ordering::SeqCst),
        1,
        "{path}, {workers} workers"
    );
    servers.shutdown_background();
}

#[test]
fn a_lease_is_kept_though_the_runtime_of_the_first_call_has_ended() {
    let idempotency = Idempotency::new(MemoryStore::new());
    runs_once_under(&idempotency, 2, "/thread-sleep");
    runs_once_under(&idempotency, 2, "/computes");
}

#[test]
fn a_handler_in_block_in_place_for_three_leases_runs_once() {
    for workers in [2, 4] {
        runs_once(workers, "/block-in-place");
    }
}

#[test]
fn a_handler_that_sleeps_on_its_worker_for_three_leases_runs_once() {
    for workers in [2, 4] {
        runs_once(workers, "/thread-sleep");
    }
}

#[test]
fn a_handler_that_yields_late_in_its_lease_runs_once() {
    for workers in [2, 4] {
        runs_once(workers, "/yields-late");
    }
}

#[test]
fn a_handler_that_computes_without_an_await_runs_once() {
    for workers in [2, 4] {
        runs_once(workers, "/computes");
    }
}
