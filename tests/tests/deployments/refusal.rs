//! A server that is down: its host refuses connections. Calls are refused at once, and nothing is left of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use idempotent_runtime::Idempotency;
use idempotent_runtime::axum::idempotent;
use idempotent_test_servers as servers;
use idempotent_tests::{Client, Lines, Server, open_store};
use tokio::task::spawn_blocking;
use tracing_subscriber::layer::SubscriberExt as _;

const CALLS: usize = 5_000;
const CALLERS: usize = 16;

#[idempotent(scope = global)]
async fn order() -> &'static str {
    panic!("it ran without a store")
}

/// Must be called on a runtime of one thread, whose log lines are counted.
pub(crate) async fn is_told_at_once_and_leaves_nothing(
    start: impl FnOnce() -> Result<servers::Server, servers::Error> + Send + 'static,
) {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::registry().with(lines.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut database = spawn_blocking(start).await.unwrap().unwrap();
    let idempotency = Idempotency::new(open_store(database.url()).await);
    let stopped = spawn_blocking(move || {
        database.kill();
        database
    });
    let _database = stopped.await.unwrap();
    let router = Router::new()
        .route("/order", post(order))
        .layer(idempotency.clone());
    let server = Server::start(router).await;
    let client = Client::new(&server);

    let next = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| tokio::spawn(call(client.clone(), Arc::clone(&next))))
        .collect();
    let mut slowest = Duration::ZERO;
    for caller in callers {
        slowest = slowest.max(caller.await.unwrap());
    }
    // How long a call takes depends on what else the machine does.
    eprintln!("the slowest of {CALLS} calls took {slowest:?}");
    assert_eq!(idempotency.in_flight(), 0);
    assert_eq!(idempotency.shutdown(Duration::ZERO).await, 0);
    let said = lines.count();
    assert!((1..20).contains(&said), "{said} lines");
}

async fn call(client: Client, next: Arc<AtomicUsize>) -> Duration {
    let mut slowest = Duration::ZERO;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= CALLS {
            return slowest;
        }
        let begun = Instant::now();
        let refused = client.post_key("/order", &number.to_string()).await;
        slowest = slowest.max(begun.elapsed());
        assert_eq!(refused.problem().0, 503);
    }
}
