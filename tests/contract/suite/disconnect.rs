//! A client that leaves cancels nothing.

use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::{Idempotency, MemoryStore};
use idempotent_tests::{Client, Gate, RawConnection, within_a_minute};
use reqwest::StatusCode;
use tokio::sync::{Notify, mpsc};

use crate::host::{Answer, Routes, Server, State, idempotent};

#[derive(Clone)]
struct App {
    gate: Gate,
    finished: mpsc::UnboundedSender<()>,
}

#[idempotent(scope = global)]
async fn pay(State(app): State<App>) -> Answer {
    app.gate.pass().await;
    app.finished.send(()).unwrap();
    Answer::new(201, "paid")
}

fn app() -> (App, mpsc::UnboundedReceiver<()>, Routes<App>, Idempotency) {
    let (finished, finishes) = mpsc::unbounded_channel();
    let app = App {
        gate: Gate::new(),
        finished,
    };
    let idempotency = Idempotency::new(MemoryStore::new());
    let routes = Routes::new(app.clone())
        .post("/pay", pay)
        .protect(idempotency.clone());
    (app, finishes, routes, idempotency)
}

/// Retries until the attempt has been recorded, which follows the handler's end at once.
async fn outcome(client: &Client, idempotency: &Idempotency) -> String {
    assert_eq!(
        idempotency.shutdown(Duration::from_secs(30)).await,
        0,
        "the attempt ended"
    );
    let retry = client.post_key("/pay", "k").await;
    assert!(retry.is_replay());
    retry.text().to_owned()
}

#[tokio::test]
async fn a_handler_finishes_when_its_client_closes_the_socket_and_the_retry_gets_the_outcome() {
    let (app, mut finishes, routes, idempotency) = app();
    let (server, mut departures) = Server::start_watched(routes).await;
    let mut connection = RawConnection::open(server.addr()).await;
    let body = r#"{"amount":10}"#;
    connection
        .post(
            "/pay",
            &["content-type: application/json", "idempotency-key: k"],
            body,
        )
        .await;
    app.gate.arrival().await;
    connection.hang_up().await;
    departures.next().await;

    let client = Client::at(server.addr());
    assert_eq!(
        client.post_key("/pay", "k").await.problem().1,
        "idempotency_pending"
    );
    app.gate.let_one_through();
    within_a_minute("the handler finishes", finishes.recv())
        .await
        .unwrap();
    assert_eq!(outcome(&client, &idempotency).await, "paid");
    assert_eq!(app.gate.arrivals(), 1);
}

#[tokio::test]
async fn a_layer_outside_the_handler_that_gives_up_cancels_nothing() {
    let (app, mut finishes, routes, idempotency) = app();
    let give_up = Arc::new(Notify::new());
    let server = Server::start(routes.give_up_when(Arc::clone(&give_up))).await;
    let client = Client::at(server.addr());
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.post_key("/pay", "k").await }
    });
    app.gate.arrival().await;
    give_up.notify_one();
    assert_eq!(call.await.unwrap().status, StatusCode::GATEWAY_TIMEOUT);
    app.gate.let_one_through();
    within_a_minute("the handler finishes", finishes.recv())
        .await
        .unwrap();
    assert_eq!(outcome(&client, &idempotency).await, "paid");
    assert_eq!(app.gate.arrivals(), 1);
}

#[tokio::test]
async fn shutdown_waits_for_attempts_whose_clients_have_left_and_gives_up_at_its_deadline() {
    let (app, _finishes, routes, idempotency) = app();
    let (server, mut departures) = Server::start_watched(routes).await;
    let mut connection = RawConnection::open(server.addr()).await;
    connection.post("/pay", &["idempotency-key: k"], "").await;
    app.gate.arrival().await;
    connection.hang_up().await;
    departures.next().await;
    assert_eq!(idempotency.shutdown(Duration::from_millis(10)).await, 1);
    app.gate.let_one_through();
    assert_eq!(idempotency.shutdown(Duration::from_secs(30)).await, 0);
}
