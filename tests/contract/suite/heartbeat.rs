//! Handlers that block threads keep their leases.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idempotent_runtime::{Idempotency, MemoryStore};
use idempotent_tests::Client;

use crate::host::{Routes, Server, State, block, idempotent};

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

/// Blocks as the framework would have it.
#[idempotent(scope = global, lease = "500ms", deadline = "1m")]
async fn blocks_as_advised(State(app): State<App>) -> String {
    let run = app.run();
    block(|| std::thread::sleep(3 * LEASE)).await;
    run
}

/// Sends retries while a handler blocks, from a runtime of their own: the handler's may have a thread less.
fn runs_once(workers: usize, path: &'static str) {
    runs_once_under(&Idempotency::new(MemoryStore::new()), workers, path);
}

fn runs_once_under(idempotency: &Idempotency, workers: usize, path: &'static str) {
    let clients = tokio::runtime::Runtime::new().unwrap();
    let app = App::default();
    let router = Routes::new(app.clone())
        .post("/blocks-as-advised", blocks_as_advised)
        .post("/blocks-again", blocks_as_advised)
        .protect(idempotency.clone());
    let server = Server::start_on(workers, router);
    clients.block_on(async {
        let client = Client::at(server.addr());
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
}

#[test]
fn a_lease_is_kept_though_the_runtime_of_the_first_call_has_ended() {
    let idempotency = Idempotency::new(MemoryStore::new());
    runs_once_under(&idempotency, 2, "/blocks-as-advised");
    runs_once_under(&idempotency, 2, "/blocks-again");
}

#[test]
fn a_handler_that_blocks_as_its_framework_advises_for_three_leases_runs_once() {
    for workers in [2, 4] {
        runs_once(workers, "/blocks-as-advised");
    }
}
