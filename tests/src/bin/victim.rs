//! A server that tests kill, or run beside another: `victim STORE LEDGER`.
//!
//! The store is a file of SQLite's, or a server by its URL.
//! It prints its address, then a line whenever a handler starts. The ledger is a file to which a handler adds a line
//! for each effect, so that effects are counted across processes.

#![allow(clippy::unwrap_used)]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use idempotent_runtime::Idempotency;
use idempotent_runtime::axum::idempotent;
use idempotent_tests::open_store;
use tokio::net::TcpListener;

#[derive(Clone)]
struct Ledger(Arc<PathBuf>);

impl Ledger {
    fn add(&self, effect: &str) {
        self.write(effect);
        println!("{effect}");
    }

    fn write(&self, effect: &str) {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&*self.0)
            .unwrap();
        // One call, so that lines of several processes do not mix.
        file.write_all(format!("{effect}\n").as_bytes()).unwrap();
    }
}

#[idempotent(scope = global)]
async fn charge(State(ledger): State<Ledger>) -> (StatusCode, String) {
    ledger.add("charge");
    (
        StatusCode::CREATED,
        format!("charged by {}", std::process::id()),
    )
}

/// What it does is told by the key alone.
#[idempotent(scope = global)]
async fn order(State(ledger): State<Ledger>, headers: HeaderMap) -> (StatusCode, String) {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    ledger.write(&key);
    (
        StatusCode::CREATED,
        format!("{key} by {}", std::process::id()),
    )
}

#[idempotent(scope = global, lease = "1s", abandoned = rerun)]
async fn hang_rerun(State(ledger): State<Ledger>) -> StatusCode {
    ledger.add("rerun");
    hang_once(&ledger).await
}

#[idempotent(scope = global, lease = "1s", abandoned = refuse)]
async fn hang_refuse(State(ledger): State<Ledger>) -> StatusCode {
    ledger.add("refuse");
    hang_once(&ledger).await
}

/// Never ends in the process whose effect was the first.
async fn hang_once(ledger: &Ledger) -> StatusCode {
    let effects = std::fs::read_to_string(&*ledger.0).unwrap().lines().count();
    if effects == 1 {
        std::future::pending::<()>().await;
    }
    StatusCode::CREATED
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args_os().skip(1);
    let (database, ledger) = (args.next().unwrap(), args.next().unwrap());
    let store = open_store(database.to_str().unwrap()).await;
    let app = Router::new()
        .route("/charge", post(charge))
        .route("/order", post(order))
        .route("/rerun", post(hang_rerun))
        .route("/refuse", post(hang_refuse))
        .layer(Idempotency::new(store))
        .with_state(Ledger(Arc::new(PathBuf::from(ledger))));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    axum::serve(listener, app).await.unwrap();
}
