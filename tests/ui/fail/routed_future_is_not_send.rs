//! A routed handler holds a lock across an `.await`.
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::post;
use axum::Router;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn count(State(count): State<Arc<Mutex<u64>>>) -> String {
    let mut count = count.lock().unwrap();
    std::future::ready(()).await;
    *count += 1;
    count.to_string()
}

fn app() -> Router<Arc<Mutex<u64>>> {
    Router::new().route("/", post(count))
}

fn main() {}
