//! A database for each test, a carrier that does as it is told, and a sender of webhooks.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use idempotent_test_servers::postgres_url;
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use uuid::Uuid;
use webhook_worker::app::{AppState, app};
use webhook_worker::carrier::{Carrier, CarrierError};
use webhook_worker::database;
use webhook_worker::events::{Event, Parcel};
use webhook_worker::queue::{Delays, Queue};
use webhook_worker::shipping::Shipping;
use webhook_worker::signature::sign;
use webhook_worker::worker::Worker;

/// Nothing here takes longer, except on a machine that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A job is delivered again at once, whatever its worker is doing, so that no test has to wait for it.
const AT_ONCE: Delays = Delays {
    visibility: Duration::ZERO,
    retry: Duration::ZERO,
};

/// A database of its own, on the server that all tests share.
pub(crate) struct Database {
    pub(crate) url: String,
    name: String,
}

impl Database {
    pub(crate) async fn create() -> Self {
        let name = format!("webhooks_{}", Uuid::new_v4().simple());
        let shared = postgres_url();
        statement(&shared, format!("CREATE DATABASE {name}")).await;
        let (server, settings) = shared.split_once('?').unwrap_or((&shared, ""));
        let (server, _) = server.rsplit_once('/').unwrap();
        Self {
            url: format!("{server}/{name}?{settings}"),
            name,
        }
    }

    /// Only tests that succeed get here. The others leave something to look at.
    pub(crate) async fn drop(self) {
        let name = self.name;
        statement(
            &postgres_url(),
            format!("DROP DATABASE {name} WITH (FORCE)"),
        )
        .await;
    }
}

async fn statement(url: &str, statement: String) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .unwrap();
}

/// The service on a database of its own.
pub(crate) struct Service {
    pub(crate) database: PgPool,
    pub(crate) queue: Queue,
    pub(crate) carrier: Arc<TestCarrier>,
    url: String,
    own: Database,
}

impl Service {
    /// Jobs are delivered again at once.
    pub(crate) async fn start() -> Self {
        Self::with(AT_ONCE).await
    }

    pub(crate) async fn with(delays: Delays) -> Self {
        let own = Database::create().await;
        let database = database::open(&own.url).await.unwrap();
        Self {
            queue: Queue::new(database.clone(), delays),
            database,
            carrier: Arc::new(TestCarrier::default()),
            url: own.url.clone(),
            own,
        }
    }

    /// A worker with a handle of its own, as one in another process.
    pub(crate) async fn worker(&self) -> Worker {
        let carrier = Arc::clone(&self.carrier);
        Worker {
            queue: self.queue.clone(),
            shipping: Shipping {
                database: self.database.clone(),
                carrier,
                idempotency: database::idempotency(&self.url).await.unwrap(),
            },
        }
    }

    /// Serves the webhooks.
    pub(crate) async fn receiver(&self) -> Sender {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let router = app(AppState {
            database: self.database.clone(),
            queue: self.queue.clone(),
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Sender::new(addr)
    }

    pub(crate) async fn count(&self, what: &'static str) -> i64 {
        sqlx::query_scalar(what)
            .fetch_one(&self.database)
            .await
            .unwrap()
    }

    pub(crate) async fn shipments(&self) -> i64 {
        self.count("SELECT count(*) FROM shipments").await
    }

    pub(crate) async fn jobs(&self) -> i64 {
        self.count("SELECT count(*) FROM jobs").await
    }

    pub(crate) async fn end(self) {
        self.own.drop().await;
    }
}

/// A paid order of acme's.
pub(crate) fn event(id: &str, order: &str) -> Event {
    Event {
        shop: "acme".to_owned(),
        id: id.to_owned(),
        parcel: Parcel {
            order: order.to_owned(),
            grams: 1200,
        },
    }
}

/// What a carrier does with the next parcel.
#[derive(Debug)]
pub(crate) enum Next {
    Busy,
    Panic,
    /// Ships it when told, or never.
    When(oneshot::Receiver<()>),
}

/// A carrier that does as it is told. Without more, it ships.
#[derive(Debug)]
pub(crate) struct TestCarrier {
    next: Mutex<VecDeque<Next>>,
    keys: Mutex<Vec<String>>,
    asked: Semaphore,
}

impl Default for TestCarrier {
    fn default() -> Self {
        Self {
            next: Mutex::default(),
            keys: Mutex::default(),
            asked: Semaphore::new(0),
        }
    }
}

impl TestCarrier {
    pub(crate) fn next(&self, next: Next) {
        self.next.lock().unwrap().push_back(next);
    }

    /// The next parcel is shipped when this is told.
    pub(crate) fn wait(&self) -> oneshot::Sender<()> {
        let (go, wait) = oneshot::channel();
        self.next(Next::When(wait));
        go
    }

    /// Waits until it is asked once more.
    pub(crate) async fn asked(&self) {
        self.asked.acquire().await.unwrap().forget();
    }

    /// The idempotency keys that it was given, in their order.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.keys.lock().unwrap().clone()
    }
}

impl Carrier for TestCarrier {
    fn ship<'a>(
        &'a self,
        _: &'a Parcel,
        key: &'a str,
    ) -> BoxFuture<'a, Result<String, CarrierError>> {
        self.keys.lock().unwrap().push(key.to_owned());
        self.asked.add_permits(1);
        let next = self.next.lock().unwrap().pop_front();
        async move {
            match next {
                None => {}
                Some(Next::Busy) => return Err(CarrierError::Busy),
                Some(Next::Panic) => panic!("the carrier's answer made no sense"),
                Some(Next::When(told)) => told.await.unwrap(),
            }
            Ok(format!("trk_{key}"))
        }
        .boxed()
    }
}

const SECRETS: [(&str, &str); 2] = [
    ("acme", "whsec_YWNtZS13ZWJob29rLWRlbW8tc2VjcmV0"),
    ("globex", "whsec_Z2xvYmV4LXdlYmhvb2stZGVtby1zZWNyZXQ="),
];

/// Sends webhooks as the shops' systems do.
pub(crate) struct Sender {
    http: Client,
    addr: SocketAddr,
}

impl Sender {
    pub(crate) fn new(addr: SocketAddr) -> Self {
        Self {
            http: Client::builder().no_proxy().build().unwrap(),
            addr,
        }
    }

    /// Sends a paid order, signed by its shop, and returns the status.
    pub(crate) async fn paid(&self, shop: &str, id: &str, order: &str) -> u16 {
        let data = json!({ "order": order, "grams": 1200 });
        let body = json!({ "type": "order.paid", "data": data });
        self.send(shop, shop, id, &body).await
    }

    /// Sends a body to one shop's address, signed by another or the same.
    pub(crate) async fn send(&self, shop: &str, signer: &str, id: &str, body: &Value) -> u16 {
        let body = body.to_string();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let timestamp = now.as_secs().to_string();
        let secret = SECRETS.iter().find(|(name, _)| *name == signer).unwrap().1;
        let signature = sign(secret, id, &timestamp, body.as_bytes()).unwrap();
        let request = self
            .http
            .post(format!("http://{}/webhooks/{shop}", self.addr))
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(body);
        request.send().await.unwrap().status().as_u16()
    }

    /// Sends a body that nobody signed.
    pub(crate) async fn unsigned(&self, shop: &str) -> u16 {
        let request = self
            .http
            .post(format!("http://{}/webhooks/{shop}", self.addr));
        request.send().await.unwrap().status().as_u16()
    }
}
