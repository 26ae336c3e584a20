//! axum's `DefaultBodyLimit`, which the door asks for. The limits that actix-web's extractors have can't be asked for: there,
//! the policy's `max_body` alone says what is read.

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;
use idempotent_runtime::{Idempotency, MemoryStore};
use idempotent_tests::{Client, Server};

#[idempotent(scope = global)]
async fn length(body: Bytes) -> String {
    body.len().to_string()
}

#[tokio::test]
async fn a_larger_limit_of_the_application_is_honoured() {
    let app = Router::new()
        .route("/large", post(length).layer(DefaultBodyLimit::max(4 << 20)))
        .layer(Idempotency::new(MemoryStore::new()));
    let server = Server::start(app).await;
    let client = Client::new(&server);
    let send = |key: &'static str, length: usize| {
        let request = client.post("/large").key(key);
        request.body("text/plain", vec![0; length]).send()
    };
    let reply = send("k", 3 << 20).await;
    assert_eq!((reply.status.as_u16(), reply.text()), (200, "3145728"));
    assert_eq!(send("l", (4 << 20) + 1).await.problem().0, 413);
}
