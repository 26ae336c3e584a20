//! A connection that hangs while the server is healthy: nothing runs twice, and nobody waits for the lease.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use idempotent_runtime::Idempotency;
use idempotent_runtime::axum::idempotent;
use idempotent_tests::{Client, OwnRecords, Proxy, Server, open_store};

/// Far shorter than the lease of half a minute, and far longer than a step takes on a machine that does much else.
const SHORTER_THAN_THE_LEASE: Duration = Duration::from_secs(20);

const CALLERS: usize = 16;

#[derive(Clone)]
struct Work {
    runs: Arc<AtomicUsize>,
    proxy: Arc<Proxy>,
}

/// Its outcome goes to the store over a connection that hangs with it.
#[idempotent(scope = global)]
async fn order(State(work): State<Work>, headers: HeaderMap) -> (StatusCode, String) {
    let run = work.runs.fetch_add(1, Ordering::SeqCst);
    if headers.contains_key("swallow-the-answer") {
        work.proxy.quiet().await;
        work.proxy.swallow_next_answer();
    } else if headers.contains_key("swallow-the-outcome") {
        work.proxy.quiet().await;
        work.proxy.silence_next();
    }
    (StatusCode::CREATED, format!("run {run}"))
}

struct Site {
    work: Work,
    client: Client,
    _server: Server,
    _records: OwnRecords,
}

impl Site {
    async fn start(url: String) -> Self {
        let records = OwnRecords::at(url);
        let (proxy, through) = Proxy::before(records.url()).await;
        let store = open_store(&format!("{through}#{}", records.name())).await;
        let work = Work {
            runs: Arc::default(),
            proxy: Arc::new(proxy),
        };
        let app = Router::new()
            .route("/order", post(order))
            .layer(Idempotency::new(store))
            .with_state(work.clone());
        let server = Server::start(app).await;
        Self {
            work,
            client: Client::new(&server),
            _server: server,
            _records: records,
        }
    }
}

/// The completion's connection falls silent, before or after the server has it.
pub(crate) async fn records_the_outcome_over_another(url: String) {
    let site = Site::start(url).await;
    // Connections are made before they fall silent.
    assert_eq!(
        site.client.post_key("/order", "first").await.text(),
        "run 0"
    );
    for (number, how) in [(1, "swallow-the-outcome"), (2, "swallow-the-answer")] {
        let begun = Instant::now();
        let send = || {
            site.client
                .post("/order")
                .key(how)
                .header(how, "yes")
                .json("{}")
        };
        let first = send().send().await;
        assert_eq!(first.text(), format!("run {number}"), "{how}");
        assert_eq!(first.header("idempotency-stored"), None, "{how}");
        let again = send().send().await;
        assert_eq!(again.body, first.body, "{how}");
        assert!(again.is_replay(), "{how}");
        assert!(begun.elapsed() < SHORTER_THAN_THE_LEASE, "{how}");
        eprintln!("{how}: recorded and replayed after {:?}", begun.elapsed());
        site.work.proxy.silenced(number).await;
        assert_eq!(site.work.runs.load(Ordering::SeqCst), number + 1);
    }
}

/// Tries with one key after the other until a claim succeeds.
async fn succeed(client: Client, caller: usize, begun: Instant) {
    for number in 0.. {
        let key = format!("after-{caller}-{number}");
        let reply = client.post_key("/order", &key).await;
        if reply.status == StatusCode::CREATED {
            return;
        }
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(
            begun.elapsed() < SHORTER_THAN_THE_LEASE,
            "no claim succeeds"
        );
    }
}

/// All connections fall silent at once, while the server takes new ones.
pub(crate) async fn recovers_when_all_fall_silent(url: String) {
    let site = Site::start(url).await;
    let warm: Vec<_> = (0..8)
        .map(|number| {
            let client = site.client.clone();
            tokio::spawn(async move { client.post_key("/order", &format!("warm-{number}")).await })
        })
        .collect();
    for warm in warm {
        assert_eq!(warm.await.unwrap().status, StatusCode::CREATED);
    }
    site.work.proxy.silence_all();
    let begun = Instant::now();
    // As many callers at once as a service has: each may meet a silent connection.
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| tokio::spawn(succeed(site.client.clone(), caller, begun)))
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    eprintln!("claims succeed again after {:?}", begun.elapsed());
    for number in 0..8 {
        let key = format!("later-{number}");
        let reply = site.client.post_key("/order", &key).await;
        assert_eq!(reply.status, StatusCode::CREATED);
    }
}
