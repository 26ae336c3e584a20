//! Many requests with one key at once: one execution, on every embedded store.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use idempotent_runtime::store::Store;
use idempotent_runtime::{Idempotency, MemoryStore, SqliteStore};
use idempotent_tests::{Client, Reply};
use reqwest::StatusCode;

use crate::host::{Answer, Routes, Server, State, idempotent};

const AT_ONCE: usize = 200;
const ROUNDS: usize = 10;

#[idempotent(scope = global)]
async fn pay(State(runs): State<Arc<AtomicUsize>>) -> Answer {
    let run = runs.fetch_add(1, Ordering::SeqCst);
    // The others get a chance to see it running.
    tokio::task::yield_now().await;
    Answer::new(201, format!("run {run}"))
}

async fn one_execution_per_key(store: impl Store) {
    let runs = Arc::new(AtomicUsize::new(0));
    let app = Routes::new(Arc::clone(&runs))
        .post("/pay", pay)
        .protect(Idempotency::new(store));
    let server = Server::start(app).await;
    let client = Client::at(server.addr());
    for round in 0..ROUNDS {
        let key = format!("round {round}").replace(' ', "-");
        let requests: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (client, key) = (client.clone(), key.clone());
                tokio::spawn(async move { client.post_key("/pay", &key).await })
            })
            .collect();
        let mut fresh = 0;
        for request in requests {
            fresh += usize::from(is_fresh(&request.await.unwrap(), round));
        }
        assert_eq!(fresh, 1, "exactly one caller is the first");
        assert_eq!(runs.load(Ordering::SeqCst), round + 1);
        assert!(client.post_key("/pay", &key).await.is_replay());
    }
}

/// Whether it is the first answer. Everyone else gets 409 or the outcome.
fn is_fresh(reply: &Reply, round: usize) -> bool {
    if reply.status == StatusCode::CONFLICT {
        assert_eq!(reply.problem().1, "idempotency_pending");
        return false;
    }
    assert_eq!(
        (reply.status, reply.text()),
        (StatusCode::CREATED, format!("run {round}").as_str())
    );
    !reply.is_replay()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_at_once_ten_times_over_run_once_each_in_memory() {
    one_execution_per_key(MemoryStore::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_at_once_ten_times_over_run_once_each_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    one_execution_per_key(
        SqliteStore::open(dir.path().join("records.db"))
            .await
            .unwrap(),
    )
    .await;
}
